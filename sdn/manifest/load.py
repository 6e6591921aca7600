"""Sources, or plain values, to the model: read, schema, check, build; all faults of all steps together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from sdn.errors import Fault, ManifestError
from sdn.manifest.build import build
from sdn.manifest.check import meaning_faults
from sdn.manifest.document import MAX_DEPTH, Document, Json, is_deep, shown
from sdn.manifest.kind import KINDS, kind_faults, unpack
from sdn.manifest.schema import schema_faults
from sdn.manifest.source import Source
from sdn.model import Objects

MAX_FAULTS = 1000  # objects after so many are not looked at: nobody reads on, and each guess at a name takes time


@dataclass(frozen=True)
class Loaded:
    """What was read: the model, and each object as plain JSON values, in the order of the files."""

    objects: Objects
    documents: tuple[dict[str, Any], ...]


def load(sources: Sequence[Source]) -> Loaded:
    """Read, check and build what the sources say together.

    Raises:
        ManifestError: there are faults; it has all of them, in the order of the sources.
    """
    from sdn.manifest.read import read  # with it PyYAML, which plain values do not need

    faults: list[Fault] = []
    documents: list[Document] = []
    for source in sources:
        result = read(source)
        faults += result.faults
        documents += result.documents
    names = [source.name for source in sources]
    good = _checked(documents, faults, names)
    return Loaded(build(good), tuple(document.value for document in good))


def from_documents(documents: Sequence[Mapping[str, Any]]) -> Objects:
    """The same checks and the same model from plain JSON values. A fault's file is the object's name.

    Raises:
        ManifestError: there are faults; it has all of them, in the order of the documents.
    """
    named = [Document(_title(value, number), value) for number, value in enumerate(documents)]
    deep = [
        document.fault((), f"nesting deeper than {MAX_DEPTH}", "an object")
        for document in named
        if is_deep(document.value)
    ]
    if deep:
        raise ManifestError(deep)
    return build(_checked(named, [], [document.file for document in named]))


def from_checked(documents: Sequence[Mapping[str, Any]]) -> Objects:
    """The model of documents that `load` gave: they are not checked again."""
    return build([Document(_title(value, number), value) for number, value in enumerate(documents)])


def _checked(documents: Iterable[Document], faults: list[Fault], files: Sequence[str]) -> list[Document]:
    """The objects of `documents`, without nulls; raises ManifestError if there is any fault, also one of `faults`."""
    good = []
    whole = not faults
    for one in (one for document in documents for one in unpack(document)):
        if len(faults) >= MAX_FAULTS:
            whole = False
            break
        if wrong := list(kind_faults(one)):
            faults += wrong
            whole = False
            continue
        found = list(islice(schema_faults(one), MAX_FAULTS))
        faults += [each.fault for each in found]
        if any(each.blocks for each in found):
            whole = False
        else:
            good.append(replace(one, value=_without_nulls(one.value)))
    faults += meaning_faults(good, files[0] if len(files) == 1 else "input", whole)
    if faults:
        order = {file: number for number, file in enumerate(files)}
        raise ManifestError(sorted(dict.fromkeys(faults), key=lambda fault: (order.get(fault.file, -1), fault)))
    return good


def _without_nulls(value: Json) -> Json:
    """The same with every null field left out, as an API server leaves it out."""
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in value]
    return value


def _title(value: Mapping[str, Any], number: int) -> str:
    """What to call an object in a message: `object Pod default/a`, or its number if it has no name."""
    metadata = value.get("metadata") if isinstance(value, Mapping) else None
    kind, name = (value.get("kind"), metadata.get("name")) if isinstance(metadata, Mapping) else (None, None)
    if not isinstance(kind, str) or not isinstance(name, str) or not isinstance(metadata, Mapping):
        return f"object {number + 1}"
    namespace = f"{metadata.get('namespace') or 'default'}/" if kind in KINDS and KINDS[kind].namespaced else ""
    return shown(f"object {kind} {namespace}{name}")
