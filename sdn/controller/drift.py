"""What other hands have done to a switch, and how often it is spoken of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from sdn.openflow.flowmod import FlowMod
from sdn.openflow.monitor import Event, Update, describe

SAID_IN_A_SECOND = 20


class What(StrEnum):
    """What was done: a rule of ours is gone or another, or one is there that is not ours."""

    ADDED = "added"
    REMOVED = "removed"
    MODIFIED = "modified"


@dataclass(frozen=True)
class Drift:
    """One rule that somebody has touched. `ours` is what it shall be; None if it shall not be there."""

    what: What
    line: str
    key: bytes
    ours: FlowMod | None


def drift_of(update: Update, rules: Mapping[bytes, FlowMod], tables: Mapping[str, int]) -> Drift | None:
    """What an update of the switch means where `rules` shall be in force; None if they are all the same."""
    ours = rules.get(update.key)
    if ours is None:
        gone = update.event is Event.REMOVED
        return None if gone else Drift(What.ADDED, describe(update, tables.items()), update.key, None)
    if update.is_just(ours):
        return None
    what = What.REMOVED if update.event is Event.REMOVED else What.MODIFIED
    return Drift(what, ours.line, update.key, ours)


class Tally:
    """Says SAID_IN_A_SECOND of them a second; of the rest, once a second, how many there were."""

    def __init__(self) -> None:
        self._waiting: list[Drift] = []
        self._second = 0.0
        self._said = 0

    def add(self, drifts: Iterable[Drift]) -> None:
        """These are to be spoken of."""
        self._waiting += drifts

    def wait_s(self, now: float) -> float | None:
        """Seconds until there is something to say; None if there is nothing."""
        if not self._waiting:
            return None
        return max(self._second + 1 - now, 0.0) if self._said >= SAID_IN_A_SECOND else 0.0

    def take(self, now: float) -> Iterator[tuple[Drift, int]]:
        """What may be said now, each with the number of those that are not said because of it."""
        if now - self._second >= 1:
            self._second, self._said = now, 0
            said, rest = self._waiting[:SAID_IN_A_SECOND], self._waiting[SAID_IN_A_SECOND:]
            self._waiting = []
        else:
            free = SAID_IN_A_SECOND - self._said
            said, rest, self._waiting = self._waiting[:free], [], self._waiting[free:]
        self._said += len(said)
        for drift in said:
            yield drift, len(rest) if drift is said[-1] else 0
