"""Isolation in Multitenant mode: namespaces do not reach each other, `default` reaches all and is reached by all."""

from __future__ import annotations

from collections.abc import Iterator

from sdn.expect.expectation import GLOBAL_NAMESPACE
from sdn.model import Mode
from sdn.plan import PodPlan
from sdn.verify.paths import pair
from sdn.verify.probe import Item, NotApplicable, World

_KINDS = ("other", "same", "from-default", "to-default")
_TITLES = {
    "other": "between two namespaces",
    "same": "within a namespace",
    "from-default": "from default into a namespace",
    "to-default": "from a namespace to default",
}


def probes(world: World) -> Iterator[Item]:
    """One pair for each relation of two namespaces, on one node and across."""
    if world.expectation.mode is not Mode.MULTITENANT:
        reason = f"{world.expectation.mode} mode does not keep namespaces apart by itself"
        yield NotApplicable("isolation", "isolation of namespaces", reason)
        return
    for same_node in (True, False):
        where = "on one node" if same_node else "across nodes"
        first: dict[str, tuple[PodPlan, PodPlan]] = {}
        for couple in world.pairs(same_node):
            first.setdefault(_kind(*couple), couple)
            if first.keys() >= set(_KINDS):
                break
        for kind in _KINDS:
            check, title = f"isolation-{kind}-{where.replace(' ', '-')}", f"{_TITLES[kind]}, {where}"
            if kind in first:
                source, destination = first[kind]
                yield pair.echo(world, check, f"{title}: {source.key} → {destination.key}", source, destination)
            else:
                yield NotApplicable(check, title, f"no such two pods {where}")


def _kind(source: PodPlan, destination: PodPlan) -> str:
    if source.namespace == destination.namespace:
        return "both-default" if source.namespace == GLOBAL_NAMESPACE else "same"
    if source.namespace == GLOBAL_NAMESPACE:
        return "from-default"
    return "to-default" if destination.namespace == GLOBAL_NAMESPACE else "other"
