"""The parser's events to values and their places.

Depth, and what aliases add, are bounded as the events come in, so that nothing is built before its size is known.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import yaml

from sdn.errors import Fault
from sdn.manifest.document import MAX_DEPTH, Json, Place, shown
from sdn.manifest.scalar import NotFinite, Scalar, resolve

MAX_ALIASED = 1_000_000  # characters that all aliases of a text may stand for
_CORE = "tag:yaml.org,2002:"
_TYPES: dict[str, tuple[type, ...]] = {
    f"{_CORE}int": (int,),
    f"{_CORE}float": (int, float),
    f"{_CORE}bool": (bool,),
    f"{_CORE}null": (type(None),),
}
_MERGE = "<<"


class Unreadable(Exception):
    """Nothing after this place can be read."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault


class Built(NamedTuple):
    """A value, its place, how many characters it stands for with its aliases, and how deep it is."""

    value: Json
    place: Place
    weight: int
    height: int


class _Entries:
    """The entries of one mapping, as far as they have been read."""

    def __init__(self) -> None:
        self.values: dict[str, Json] = {}
        self.parts: dict[str, Place] = {}
        self.keys: dict[str, tuple[int, int]] = {}

    def merge(self, value: Json, place: Place) -> bool:
        """Take every entry of `value` whose key is not there yet. False if it is no mapping."""
        if not isinstance(place.parts, dict) or place.keys is None:
            return False
        for key in [key for key in value if key not in self.values]:
            self.values[key], self.parts[key], self.keys[key] = value[key], place.parts[key], place.keys[key]
        return True


class Composer:
    """Builds each document of one text from a loader's events; what is wrong but can be passed by goes to `faults`."""

    def __init__(self, name: str, loader: Any, faults: list[Fault]) -> None:
        self.name = name
        self.next_event = loader.get_event
        self.faults = faults
        self.anchors: dict[str, Built | None] = {}  # None while it is being built
        self.aliased = 0
        self.sound = True

    def documents(self) -> Iterator[tuple[Built, bool]]:
        """Each document, and whether all of it could be read.

        Raises:
            Unreadable: nesting is too deep, or an alias is recursive, unknown or stands for too much.
            yaml.YAMLError: the YAML is broken.
        """
        while not isinstance(event := self.next_event(), yaml.StreamEndEvent):
            if isinstance(event, yaml.DocumentStartEvent):
                self.anchors = {}
                self.sound = True
                yield self._node(self.next_event(), 0), self.sound

    def _fault(self, event: Any, found: str, expected: str, hint: str = "") -> Fault:
        return Fault(self.name, *_start(event), "", found, expected, hint)

    def _pass_by(self, event: Any, found: str, expected: str, hint: str = "") -> None:
        """Note a fault that leaves the rest readable, but without this value."""
        self.faults.append(self._fault(event, found, expected, hint))
        self.sound = False

    def _node(self, event: Any, depth: int) -> Built:
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, depth)
        if depth > MAX_DEPTH:
            raise Unreadable(self._fault(event, f"nesting deeper than {MAX_DEPTH}", "a manifest"))
        if event.anchor is not None:
            self.anchors[event.anchor] = None
        if isinstance(event, yaml.ScalarEvent):
            built = Built(self._scalar(event), Place(*_start(event)), 1 + len(event.value), 0)
        elif isinstance(event, yaml.SequenceStartEvent):
            built = self._sequence(event, depth)
        else:
            built = self._mapping(event, depth)
        if event.anchor is not None:
            self.anchors[event.anchor] = built
        return built

    def _alias(self, event: Any, depth: int) -> Built:
        name = shown(event.anchor)
        if event.anchor not in self.anchors:
            raise Unreadable(self._fault(event, f"the alias *{name}", f"an anchor &{name} before it"))
        built = self.anchors[event.anchor]
        if built is None:
            raise Unreadable(self._fault(event, f"the alias *{name} inside what it stands for", "no recursion"))
        self.aliased += built.weight
        if self.aliased > MAX_ALIASED:
            expected = f"aliases that stand for at most {MAX_ALIASED} characters"
            raise Unreadable(self._fault(event, f"the alias *{name}, with which they stand for more", expected))
        if depth + built.height > MAX_DEPTH:
            raise Unreadable(self._fault(event, f"nesting deeper than {MAX_DEPTH}", "a manifest"))
        return built

    def _scalar(self, event: Any) -> Scalar:
        tag, text = event.tag, str(event.value)
        if tag in ("!", f"{_CORE}str") or (tag is None and not event.implicit[0]):  # or it is in quotes
            return text
        try:
            value = resolve(text)
        except NotFinite:
            self._pass_by(event, shown(text), "a number")
            return None
        if tag is not None and type(value) not in _TYPES.get(tag, ()):
            self._pass_by(event, f"the tag {_short(tag)} on {shown(text)}", "no tag, or the right one")
        return value

    def _check_tag(self, event: Any, core: str) -> None:
        if event.tag not in (None, "!", _CORE + core):
            self._pass_by(event, f"the tag {_short(event.tag)}", "no tag")

    def _sequence(self, event: Any, depth: int) -> Built:
        self._check_tag(event, "seq")
        values: list[Json] = []
        parts: list[Place] = []
        weight, height = 1, 0
        while not isinstance(item := self.next_event(), yaml.SequenceEndEvent):
            built = self._node(item, depth + 1)
            values.append(built.value)
            parts.append(built.place)
            weight += built.weight
            height = max(height, built.height)
        return Built(values, Place(*_start(event), parts), weight, height + 1)

    def _mapping(self, event: Any, depth: int) -> Built:
        self._check_tag(event, "map")
        entries = _Entries()
        merged: list[tuple[Any, Built]] = []
        weight, height = 1, 0
        while not isinstance(key_event := self.next_event(), yaml.MappingEndEvent):
            key = self._node(key_event, depth + 1)
            built = self._node(self.next_event(), depth + 1)
            weight += key.weight + built.weight
            height = max(height, key.height, built.height)
            if key.value == _MERGE and isinstance(key_event, yaml.ScalarEvent) and key_event.implicit[0]:
                merged.append((key_event, built))
            elif self._is_good(key_event, key, entries):
                entries.values[key.value], entries.parts[key.value] = built.value, built.place
                entries.keys[key.value] = key.place.line, key.place.column
        for key_event, built in merged:  # last: an entry of the mapping's own wins, wherever it stands
            self._merge(key_event, built, entries)
        return Built(entries.values, Place(*_start(event), entries.parts, entries.keys), weight, height + 1)

    def _is_good(self, event: Any, key: Built, entries: _Entries) -> bool:
        if not isinstance(key.value, str):
            scalar = isinstance(event, yaml.ScalarEvent)
            text = shown(event.value) if scalar else "that is a list or a mapping"
            hint = f'write "{text}" in quotes' if scalar and text else ""
            self._pass_by(event, f"the key {text or 'nothing'}", "text as a key", hint)
            return False
        if key.value in entries.keys:
            line, column = entries.keys[key.value]
            missing = "; is --- missing between two objects?" if key.value in ("apiVersion", "kind") else ""
            hint = f"it is first at {self.name}:{line}:{column}{missing}"
            self.faults.append(self._fault(event, f"the key {shown(key.value)} again", "each key once", hint))
            return False
        return True

    def _merge(self, event: Any, built: Built, entries: _Entries) -> None:
        sources: Iterable[tuple[Json, Place]] = [(built.value, built.place)]
        if isinstance(built.place.parts, list):
            sources = zip(built.value, built.place.parts, strict=True)
        if not all(entries.merge(value, place) for value, place in sources):
            self._pass_by(event, "<< before something else", "<< before a mapping or a list of mappings")


def _start(event: Any) -> tuple[int, int]:
    return event.start_mark.line + 1, event.start_mark.column + 1


def _short(tag: str) -> str:
    return f"!!{shown(tag.removeprefix(_CORE))}" if tag.startswith(_CORE) else shown(tag)
