"""Figures that come from several samples, and rows that hold two of them against each other."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Figure:
    """Samples of one quantity; the figure is their median."""

    unit: str
    samples: tuple[float, ...]

    @property
    def median(self) -> float:
        """The figure."""
        return median(self.samples)

    def __str__(self) -> str:
        """The median, and in brackets lowest–highest if there are several samples: `0.95 s [0.91–1.02]`."""
        spread = f" [{_short(min(self.samples))}–{_short(max(self.samples))}]" if len(self.samples) > 1 else ""
        return f"{_short(self.median)} {self.unit}{spread}"


def _short(value: float) -> str:
    """Three digits that count, or all of a whole number."""
    digits = 0 if value >= 100 else 1 if value >= 10 else 2
    return f"{value:,.{digits}f}"


@dataclass(frozen=True)
class Row:
    """A line of the table: what was measured, ours, and, where somebody else does the same, who, and his figure."""

    what: str
    ours: Figure
    peer: Figure | None = None
    peer_name: str = "no peer"

    @property
    def ratio(self) -> float | None:
        """How many times the peer's figure ours is."""
        return self.ours.median / self.peer.median if self.peer else None


def alternate(rounds: int, pause_s: float, *measures: Callable[[], T]) -> list[list[T]]:
    """What each measure gave in every round: the measures in turn, in the other direction every other round.

    A pause before each, so that what the kernel still has to clean up of one is not in the time of the other.
    """
    results: list[list[T]] = [[] for _ in measures]
    for number in range(rounds):
        order = range(len(measures))
        for i in order if number % 2 == 0 else reversed(order):
            time.sleep(pause_s)
            results[i].append(measures[i]())
    return results
