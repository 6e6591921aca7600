"""What a verification says: a check for each kind of way, with its hops and the rules that decided. JSON both ways."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Status(StrEnum):
    """How a check ended."""

    HOLDS = "holds"
    FAILS = "fails"
    NOT_APPLICABLE = "not applicable"


@dataclass(frozen=True)
class Rule:
    """A rule that decided: of a switch (`table` by name), or of the kernel (`table` says which of its parts)."""

    table: str
    number: int
    priority: int
    match: str
    actions: str
    origin: str = ""
    object: str = ""
    packets: int | None = None  # by which its real counter rose, where that was read

    def __str__(self) -> str:
        text = f"{self.table} {self.match or 'any'}{' → drop' if self.actions == 'drop' else ''}"
        return f"{text} ({self.provenance})" if self.origin else text

    @property
    def provenance(self) -> str:
        """File, line and object that it comes from; empty if nobody knows."""
        return f"{self.origin} for {self.object}" if self.object else self.origin


@dataclass(frozen=True)
class Hop:
    """One place on the way. `seen` is None where nothing can be captured (in a switch): the rules are asked there.

    `dropped` says that by its rules the way ends here.
    """

    place: str
    device: str
    seen: bool | None
    summary: str
    rules: tuple[Rule, ...] = ()
    dropped: bool = False


@dataclass(frozen=True)
class Check:
    """One kind of way. `expected`, `predicted` and `observed` are allow, deny, or empty where nobody could say.

    A check holds when all that spoke agree and no hop had anything to complain of; `note` says what is wrong, or why
    it does not apply.
    """

    id: str
    title: str
    path: str
    status: Status
    expected: str = ""
    why: str = ""
    predicted: str = ""
    observed: str = ""
    hops: tuple[Hop, ...] = ()
    note: str = ""
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """It did not fail."""
        return self.status is not Status.FAILS

    def as_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {**asdict(self), "ok": self.ok}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Check:
        """The same check again; unknown fields are ignored."""
        hops = tuple(
            Hop(**{**hop, "rules": tuple(Rule(**rule) for rule in hop["rules"])}) for hop in value.get("hops", ())
        )
        known = {key: value[key] for key in cls.__dataclass_fields__ if key in value}
        return cls(**{**known, "hops": hops, "status": Status(value["status"])})
