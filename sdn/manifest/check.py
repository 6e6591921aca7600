"""What documents mean together: what no schema of one of them can say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sdn.errors import Fault
from sdn.manifest.default import completed
from sdn.manifest.document import Document, Field
from sdn.manifest.kind import KINDS
from sdn.manifest.network import read_networks
from sdn.manifest.node import capacities, check_machines, check_places, check_subnets
from sdn.manifest.pod import name_faults, pod_faults


def meaning_faults(documents: Sequence[Document], origin: str, whole: bool) -> list[Fault]:
    """Every fault in the meaning of documents that their schemas accept.

    Args:
        documents: no value in them is null.
        origin: what a fault of the whole is said to be in.
        whole: these are all that there are; if not, nothing is said about what is missing.
    """
    faults = list(_duplicates(documents))
    for document in documents:
        root = Field.root(document)
        if document.kind != "Cluster":
            faults.extend(name_faults(root, KINDS[document.kind].namespaced))
        if document.kind == "Pod":
            faults.extend(pod_faults(root))
    clusters = [document for document in documents if document.kind == "Cluster"]
    if clusters:
        faults += _cluster_faults(clusters[0], documents)
    elif whole:
        faults.append(Fault(origin, 0, 0, "", "no Cluster document", "one, with apiVersion sdn/v1 and kind Cluster"))
    return faults


def _cluster_faults(cluster: Document, documents: Sequence[Document]) -> list[Fault]:
    faults: list[Fault] = []
    spec = Field.root(completed(cluster))["spec"]
    networks = read_networks(spec, faults)
    sound = not faults
    check_machines(spec, networks, faults)
    held: dict[str, int] = {}
    ranges = [each for each in networks.pods if each]
    if len(ranges) == len(networks.pods):
        asked = check_subnets(spec["nodes"], ranges, faults)
        if asked is not None and sound:
            held = capacities(spec["nodes"], asked, ranges, faults)
    pods = [Field.root(document) for document in documents if document.kind == "Pod"]
    names = [node["name"].value for node in spec["nodes"]]
    check_places((pod for pod in pods if pod["spec"]["nodeName"].value), names, held, faults)
    return faults


def _duplicates(documents: Sequence[Document]) -> Iterator[Fault]:
    first: dict[tuple[str, str, str], Document] = {}
    for document in documents:
        name = Field.root(document)["metadata"]["name"]
        if document.kind == "Cluster":
            key, found, expected = ("Cluster", "", ""), "a second Cluster document", "one"
        elif name.value:
            namespace = document.namespace if KINDS[document.kind].namespaced else ""
            key = document.kind, namespace, name.value
            found = f"{document.kind} {namespace}{'/' if namespace else ''}{name.value} again"
            expected = "each object once"
        else:
            continue
        if key in first:
            yield name.fault(expected, found, f"the first is at {first[key].where(name.path)}")
        first.setdefault(key, document)
