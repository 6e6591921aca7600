"""One rule as a value."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from sdn.pipeline.actions import Action
from sdn.pipeline.fields import MatchField


class Origin(NamedTuple):
    """Where a rule comes from: file and line of `flows/`, and the object that it serves ("" is the node itself)."""

    file: str
    line: int
    object: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place} for {self.object}" if self.object else place


class Identity(NamedTuple):
    """What makes two rules the same to a switch: table, priority, and what the match says, however it is written."""

    number: int
    priority: int
    match: frozenset[tuple[str, int, int]]


@dataclass(frozen=True, slots=True)
class Flow:
    """One rule. `line` is its canonical text, cookie included, and its key: equal lines are equal rules."""

    line: str
    table: str = field(compare=False)
    number: int = field(compare=False)
    priority: int = field(compare=False)
    match: tuple[MatchField, ...] = field(compare=False)
    actions: tuple[Action, ...] = field(compare=False)
    cookie: int = field(compare=False)
    identity: Identity = field(compare=False, repr=False)
    origin: Origin = field(compare=False)
