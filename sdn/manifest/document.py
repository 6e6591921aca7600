"""One object as it was read, and the place of every part of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from sdn.errors import Fault

Json: TypeAlias = Any  # dict, list, str, int, float, bool or None
Path: TypeAlias = tuple[str | int, ...]


class Place(NamedTuple):
    """Where a value stands, from 1, and the parts of it (by key or number); `keys` says where each key stands."""

    line: int
    column: int
    parts: dict[str, Place] | list[Place] | None = None
    keys: dict[str, tuple[int, int]] | None = None


NOWHERE = Place(0, 0)
MAX_DEPTH = 100
_LONGEST_WORDS = 400


@dataclass(frozen=True)
class Document:
    """One object: its value, the file (or what else to call it) that it came from, and its place there."""

    file: str
    value: Json
    place: Place = NOWHERE

    def fault(self, path: Path, found: str, expected: str, hint: str = "", *, at_key: bool = False) -> Fault:
        """A fault at the value under `path`, or at the nearest one above it that is there; `at_key` at its key."""
        line, column = self._locate(path, at_key)
        words = (shown(text, _LONGEST_WORDS) for text in (found, expected, hint))  # they may hold the user's own text
        return Fault(self.file, line, column, field_of(path), *words)

    def _locate(self, path: Path, at_key: bool) -> tuple[int, int]:
        place = self.place
        for depth, step in enumerate(path):
            if at_key and depth == len(path) - 1 and place.keys and step in place.keys:
                return place.keys[str(step)]
            parts = place.parts
            if isinstance(parts, dict) and step in parts:
                place = parts[str(step)]
            elif isinstance(parts, list) and isinstance(step, int) and step < len(parts):
                place = parts[step]
            else:
                break
        return place.line, place.column

    def where(self, path: Path = ()) -> str:
        """`file:line:column`, for a hint that names a second place."""
        line, column = self._locate(path, at_key=False)
        return f"{self.file}:{line}:{column}" if line else self.file

    def part(self, step: str, number: int) -> Document:
        """Item `number` of the list under `step`, as a document of its own."""
        place = self.place
        for key in (step, number):
            parts = place.parts
            if isinstance(parts, dict):
                place = parts[str(key)]
            elif isinstance(parts, list):
                place = parts[int(key)]
        return Document(self.file, self.value[step][number], place)

    @property
    def kind(self) -> str:
        """What kind of object it is."""
        return str(self.value["kind"])

    @property
    def name(self) -> str:
        """The object's name."""
        return str(self.value["metadata"]["name"])

    @property
    def namespace(self) -> str:
        """The object's namespace; `default` if it names none."""
        return str(self.value["metadata"].get("namespace") or "default")


@dataclass(frozen=True)
class Field:
    """A value within a document. One that is absent is None, and its faults are placed at what is around it."""

    document: Document
    path: Path
    value: Json

    @classmethod
    def root(cls, document: Document) -> Field:
        """The whole of a document."""
        return cls(document, (), document.value)

    def __getitem__(self, step: str) -> Field:
        value = self.value.get(step) if isinstance(self.value, dict) else None
        return Field(self.document, (*self.path, step), value)

    def __iter__(self) -> Iterator[Field]:
        for number, value in enumerate(self.value or ()):
            yield Field(self.document, (*self.path, number), value)

    def fault(self, expected: str, found: str = "", hint: str = "", *, at_key: bool = False) -> Fault:
        """A fault here; what was found is the value unless said otherwise."""
        return self.document.fault(self.path, found or words_of(self.value), expected, hint, at_key=at_key)

    @property
    def where(self) -> str:
        """`file:line:column` or, without a file, the field's path."""
        return self.document.where(self.path) if self.document.place.line else field_of(self.path)


def field_of(path: Path) -> str:
    """A path as an API server writes it: `spec.nodes[1].ip`, `metadata.labels[app.kubernetes.io/name]`."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif step.replace("-", "").replace("_", "").isalnum():
            text += f".{shown(step)}" if text else shown(step)
        else:
            text += f"[{shown(step)}]"
    return text


def words_of(value: Json) -> str:
    """A value in an error's words."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case str():
            return f'"{shown(value)}"'
        case dict():
            return "a mapping" if value else "an empty mapping"
        case list() | tuple():
            return "a list" if value else "an empty list"
    return str(value)


def is_deep(value: Json) -> bool:
    """Whether a value nests deeper than MAX_DEPTH."""
    level = [value]
    for _ in range(MAX_DEPTH + 2):
        level = [
            part
            for one in level
            if isinstance(one, dict | list)
            for part in (one.values() if isinstance(one, dict) else one)
        ]
    return bool(level)


def shown(text: str, limit: int = 80) -> str:
    """`text` as it can stand in a line of output: control characters escaped, and not longer than `limit`."""
    short = text if len(text) <= limit else f"{text[: limit - 1]}…"
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "backslashreplace").decode() for c in short)
