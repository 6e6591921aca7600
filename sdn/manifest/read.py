"""YAML text to documents that know the place of every part.

Works on the parser's events, with a bound on depth and on what aliases add, so that nothing is built before its size
is known.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import yaml

from sdn.errors import Fault
from sdn.manifest.document import MAX_DEPTH, Document, Json, Place, shown
from sdn.manifest.scalar import NotFinite, Scalar, resolve
from sdn.manifest.source import Source

MAX_ALIASED = 1_000_000  # characters that all aliases of a text may stand for
CORE = "tag:yaml.org,2002:"
MERGE = "<<"
# what YAML 1.1 allows (section 5.1); the parser's own message for the others has no line
_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_TYPES: dict[str, tuple[type, ...]] = {
    "str": (str,), "int": (int,), "float": (int, float), "bool": (bool,), "null": (type(None),)
}  # fmt: skip
_Loader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


class Read(NamedTuple):
    """What a source holds. `whole` is False if a part of it could not be read; `documents` has the others."""

    documents: list[Document]
    faults: list[Fault]
    whole: bool


def read(source: Source) -> Read:
    """Read a stream of YAML documents; empty ones are left out."""
    faults: list[Fault] = []
    try:
        text = _decoded(source)
        documents, whole = _documents(source.name, text, faults)
    except _Unreadable as stop:
        return Read([], [stop.fault], whole=False)
    return Read(documents, faults, whole)


def _documents(name: str, text: str, faults: list[Fault]) -> tuple[list[Document], bool]:
    loader = _Loader(text)
    documents = []
    whole = True
    try:
        for built, sound in _Builder(name, loader, faults).documents():
            whole = whole and sound
            if sound and built.value is not None:
                documents.append(Document(name, built.value, built.place))
    except _Unreadable as stop:
        faults.append(stop.fault)
        whole = False
    except yaml.YAMLError as error:
        faults.append(_broken(name, error))
        whole = False
    finally:
        loader.dispose()
    return documents, whole


class _Unreadable(Exception):
    """Nothing after this place can be read."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault


def _decoded(source: Source) -> str:
    content = source.text
    try:
        text = content.decode() if isinstance(content, bytes) else content
    except UnicodeDecodeError as error:
        line, column = _position(error.object[: error.start].decode())
        found = f"the byte 0x{error.object[error.start]:02x}, which is not UTF-8"
        raise _Unreadable(Fault(source.name, line, column, "", found, "UTF-8 text")) from None
    text = text.removeprefix("\ufeff")
    if bad := _FORBIDDEN.search(text):
        line, column = _position(text[: bad.start()])
        raise _Unreadable(Fault(source.name, line, column, "", f"the character U+{ord(bad[0]):04X}", "text"))
    return text


def _position(before: str) -> tuple[int, int]:
    return before.count("\n") + 1, len(before) - before.rfind("\n")


def _broken(name: str, error: yaml.YAMLError) -> Fault:
    if not isinstance(error, yaml.MarkedYAMLError):
        return Fault(name, 0, 0, "", f"broken YAML ({shown(str(error))})", "YAML")
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
    words = ", ".join(filter(None, (error.context, error.problem)))
    return Fault(name, line, column, "", f"broken YAML ({shown(words)})", "YAML")


class _Built(NamedTuple):
    """A value, its place, how many characters it stands for with its aliases, and how deep it is."""

    value: Json
    place: Place
    weight: int
    height: int


class _Builder:
    """Builds each document of one text from the parser's events."""

    def __init__(self, name: str, loader: Any, faults: list[Fault]) -> None:
        self.name = name
        self.next_event = loader.get_event
        self.faults = faults
        self.anchors: dict[str, _Built | None] = {}  # None while it is being built
        self.aliased = 0
        self.sound = True

    def documents(self) -> Iterator[tuple[_Built, bool]]:
        """Each document, and whether all of it could be read."""
        while (event := self.next_event()) is not None and not isinstance(event, yaml.StreamEndEvent):
            if isinstance(event, yaml.DocumentStartEvent):
                self.anchors = {}
                self.sound = True
                built = self._node(self.next_event(), 0)
                yield built, self.sound

    def _fault(self, event: Any, found: str, expected: str, hint: str = "") -> Fault:
        self.sound = False
        mark = event.start_mark
        return Fault(self.name, mark.line + 1, mark.column + 1, "", found, expected, hint)

    def _node(self, event: Any, depth: int) -> _Built:
        if depth > MAX_DEPTH:
            raise _Unreadable(self._fault(event, f"nesting deeper than {MAX_DEPTH}", "a manifest"))
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, depth)
        anchor = event.anchor
        if anchor is not None:
            self.anchors[anchor] = None
        if isinstance(event, yaml.ScalarEvent):
            value = self._scalar(event)
            place = Place(event.start_mark.line + 1, event.start_mark.column + 1)
            built = _Built(value, place, 1 + len(event.value), 0)
        elif isinstance(event, yaml.SequenceStartEvent):
            self._check_tag(event, "seq")
            built = self._sequence(event, depth)
        else:
            self._check_tag(event, "map")
            built = self._mapping(event, depth)
        if anchor is not None:
            self.anchors[anchor] = built
        return built

    def _alias(self, event: Any, depth: int) -> _Built:
        name = shown(event.anchor)
        if event.anchor not in self.anchors:
            raise _Unreadable(self._fault(event, f"the alias *{name}", f"an anchor &{name} before it"))
        built = self.anchors[event.anchor]
        if built is None:
            raise _Unreadable(self._fault(event, f"the alias *{name} inside what it stands for", "no recursion"))
        self.aliased += built.weight
        if self.aliased > MAX_ALIASED:
            expected = f"aliases that stand for at most {MAX_ALIASED} characters"
            raise _Unreadable(self._fault(event, f"the alias *{name}, with which they stand for more", expected))
        if depth + built.height > MAX_DEPTH:
            raise _Unreadable(self._fault(event, f"nesting deeper than {MAX_DEPTH}", "a manifest"))
        return built

    def _scalar(self, event: Any) -> Scalar:
        tag, text = event.tag, event.value
        if tag is None:
            plain = event.implicit[0]
            if not plain:
                return str(text)
        elif tag in ("!", f"{CORE}str"):
            return str(text)
        try:
            value = resolve(text)
        except NotFinite:
            self.faults.append(self._fault(event, shown(text), "a number"))
            return None
        if tag is not None and not isinstance(value, _TYPES.get(tag.removeprefix(CORE), ())):
            self.faults.append(
                self._fault(event, f"the tag {_short(tag)} on {shown(text)}", "no tag, or the right one")
            )
        return value

    def _check_tag(self, event: Any, core: str) -> None:
        if event.tag not in (None, "!", CORE + core):
            self.faults.append(self._fault(event, f"the tag {_short(event.tag)}", "no tag"))

    def _sequence(self, event: Any, depth: int) -> _Built:
        values, parts, weight, height = [], [], 1, 0
        while not isinstance(item := self.next_event(), yaml.SequenceEndEvent):
            built = self._node(item, depth + 1)
            values.append(built.value)
            parts.append(built.place)
            weight += built.weight
            height = max(height, built.height)
        place = Place(event.start_mark.line + 1, event.start_mark.column + 1, parts)
        return _Built(values, place, weight, height + 1)

    def _mapping(self, event: Any, depth: int) -> _Built:
        values: dict[str, Json] = {}
        parts: dict[str, Place] = {}
        keys: dict[str, tuple[int, int]] = {}
        merged: list[tuple[Any, _Built]] = []
        weight, height = 1, 0
        while not isinstance(event_of_key := self.next_event(), yaml.MappingEndEvent):
            key = self._node(event_of_key, depth + 1)
            event_of_value = self.next_event()
            built = self._node(event_of_value, depth + 1)
            weight += key.weight + built.weight
            height = max(height, key.height, built.height)
            if key.value == MERGE and getattr(event_of_key, "implicit", (False,))[0]:
                merged.append((event_of_value, built))
            elif self._is_new(event_of_key, key, keys):
                values[key.value], parts[key.value] = built.value, built.place
                keys[key.value] = key.place.line, key.place.column
        for event_of_value, built in merged:
            self._merge(event_of_value, built, values, parts, keys)
        place = Place(event.start_mark.line + 1, event.start_mark.column + 1, parts, keys)
        return _Built(values, place, weight, height + 1)

    def _is_new(self, event: Any, key: _Built, keys: dict[str, tuple[int, int]]) -> bool:
        if not isinstance(key.value, str):
            scalar = isinstance(event, yaml.ScalarEvent)
            text = shown(event.value) if scalar else "that is a list or a mapping"
            hint = f'write "{text}" in quotes' if scalar and text else ""
            self.faults.append(self._fault(event, f"the key {text or 'nothing'}", "text as a key", hint))
            return False
        if key.value in keys:
            line, column = keys[key.value]
            mark = event.start_mark
            found, hint = f"the key {shown(key.value)} again", f"it is first at {self.name}:{line}:{column}"
            self.faults.append(Fault(self.name, mark.line + 1, mark.column + 1, "", found, "each key once", hint))
            return False
        return True

    def _merge(
        self,
        event: Any,
        built: _Built,
        values: dict[str, Json],
        parts: dict[str, Place],
        keys: dict[str, tuple[int, int]],
    ) -> None:
        """Put the entries of `built` (a mapping, or a list of them: the first wins) where there are none yet."""
        sources: Iterable[tuple[Json, Place]] = [(built.value, built.place)]
        if isinstance(built.place.parts, list):
            sources = zip(built.value, built.place.parts, strict=True)
        for value, place in sources:
            if not isinstance(place.parts, dict) or place.keys is None:
                self.faults.append(self._fault(event, "something else under <<", "a mapping, or a list of mappings"))
                return
            for key in [key for key in value if key not in values]:
                values[key], parts[key], keys[key] = value[key], place.parts[key], place.keys[key]


def _short(tag: str) -> str:
    return f"!!{shown(tag.removeprefix(CORE))}" if tag.startswith(CORE) else shown(tag)
