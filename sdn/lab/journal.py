"""What happened in a lab: a short memory that anyone may read, and a file in the lab's own /run."""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import asdict, dataclass

from sdn.lab.paths import LOGS

_KEPT = 1000


@dataclass(frozen=True)
class Entry:
    """One thing that happened; `time_s` is seconds since the epoch."""

    time_s: float
    place: str
    what: str

    def as_json(self) -> dict[str, object]:
        """As the door gives it out."""
        return asdict(self)


class Journal:
    """The last 1,000 things that happened. Safe to use from any thread."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=_KEPT)
        self._lock = threading.Lock()
        LOGS.mkdir(parents=True, exist_ok=True)
        self._file = (LOGS / "lab.log").open("a", buffering=1)

    def say(self, place: str, what: str) -> None:
        """Note something; `place` is the node, pod or part of the lab that it is about."""
        entry = Entry(time.time(), place, what)
        with self._lock:
            self._entries.append(entry)
            self._file.write(f"{entry.time_s:.6f} {place}: {what}\n")

    def entries(self) -> list[Entry]:
        """What is remembered, oldest first."""
        with self._lock:
            return list(self._entries)
