"""A process is kept running, with a growing delay while it does not stay alive."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest

from sdn.errors import LabError
from sdn.lab.keep import Keep
from sdn.lab.watch import Watch


class Notes:
    """What would be in the journal."""

    def __init__(self) -> None:
        self.words: list[str] = []

    def say(self, place: str, what: str) -> None:
        self.words.append(f"{place}: {what}")


class Impatient(threading.Event):
    """Waits for nothing, and notes how long it should have."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.waits.append(timeout or 0.0)
        return self.is_set()


def _kept(starts: list[bool], stopped: threading.Event) -> tuple[Keep, threading.Semaphore, Notes]:
    """Something that ends at once as often as `starts` says; False: it does not even start. Then it is stopped."""
    over, notes = threading.Semaphore(0), Notes()
    left = iter(starts)

    def start() -> subprocess.Popen[bytes]:
        works = next(left, None)
        if works is None:
            stopped.set()
            over.release()
            raise LabError("enough")
        if not works:
            raise LabError("it does not start")
        return subprocess.Popen([sys.executable, "-S", "-c", ""])

    keep = Keep(Watch(), notes, ("node1", "it"), start)  # type: ignore[arg-type]
    keep._stopped = stopped
    return keep, over, notes


@pytest.mark.parametrize("works", [True, False])
def test_delays_grow_while_it_does_not_stay_alive(works: bool) -> None:
    stopped = Impatient()
    keep, over, notes = _kept([works] * 6, stopped)
    with subprocess.Popen([sys.executable, "-S", "-c", "input()"], stdin=subprocess.PIPE) as process:
        keep.watch(process)
        keep._born_s -= 100  # it lived long
        process.communicate(b"\n")
    assert over.acquire(timeout=30)
    first, *later = stopped.waits
    assert first == 0.0
    assert later[:6] == sorted(later[:6])
    assert later[5] >= 16 * later[1] > 0
    assert works or any("does not come back" in words for words in notes.words)


def test_what_is_stopped_is_not_started_again() -> None:
    keep, over, _ = _kept([], threading.Event())
    keep.stop()
    process = subprocess.Popen([sys.executable, "-S", "-c", ""])
    keep.watch(process)
    process.wait()
    assert not over.acquire(blocking=False)
