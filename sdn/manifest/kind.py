"""The kinds that are accepted, and which of them a document is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import NamedTuple

from sdn.errors import Fault
from sdn.manifest.document import Document, Field, words_of


class Kind(NamedTuple):
    """An accepted kind; `definition` is the name of its schema."""

    api_version: str
    definition: str
    namespaced: bool


KINDS: Mapping[str, Kind] = {
    "Cluster": Kind("sdn/v1", "Cluster", namespaced=False),
    "Namespace": Kind("v1", "io.k8s.api.core.v1.Namespace", namespaced=False),
    "Pod": Kind("v1", "io.k8s.api.core.v1.Pod", namespaced=True),
}
_LIST = "List"


def unpack(document: Document) -> Iterator[Document]:
    """The objects of a v1 List, lists within it too; of anything else the document itself."""
    value = document.value
    if (
        isinstance(value, dict)
        and value.get("kind") == _LIST
        and value.get("apiVersion") == "v1"
        and isinstance(value.get("items"), list)
    ):
        for number in range(len(value["items"])):
            yield from unpack(document.part("items", number))
    else:
        yield document


def kind_faults(document: Document) -> Iterator[Fault]:
    """What is wrong with a document's `apiVersion` and `kind`; nothing if its schema can be looked up."""
    root = Field.root(document)
    if not isinstance(document.value, dict):
        yield root.fault("an object with apiVersion and kind")
        return
    kind, version = root["kind"], root["apiVersion"]
    if kind.value == _LIST:
        if version.value != "v1":
            yield version.fault('"v1" for kind List')
        else:
            yield root["items"].fault("a list of objects")
    elif kind.value not in KINDS if isinstance(kind.value, str) else True:
        yield kind.fault(one_of(KINDS), hint=nearest(kind.value, [*KINDS, _LIST]))
    elif version.value != KINDS[kind.value].api_version:
        yield version.fault(f'"{KINDS[kind.value].api_version}" for kind {kind.value}')


def one_of(names: Iterable[str]) -> str:
    """The names that are accepted, in an error's words."""
    *most, last = names
    return f"{', '.join(most)} or {last}" if most else last


def nearest(found: object, names: Iterable[str]) -> str:
    """The hint that names the nearest of `names`, or nothing if none is near."""
    by_lower = {name.lower(): name for name in names}
    close = get_close_matches(str(found)[:100].lower(), by_lower, n=1)
    return f"did you mean {words_of(by_lower[close[0]])}?" if close else ""
