"""All that the user said of one lab."""

from __future__ import annotations

from dataclasses import dataclass

from sdn.model.cluster import Cluster
from sdn.model.workload import Namespace, Pod


@dataclass(frozen=True)
class Objects:
    """One cluster and what runs in it, in the order of the files.

    `namespaces` holds every namespace that an object names, also those without a document of their own, and always
    `default`.
    """

    cluster: Cluster
    namespaces: tuple[Namespace, ...] = ()
    pods: tuple[Pod, ...] = ()
