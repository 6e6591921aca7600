"""Keeping a process running."""

from __future__ import annotations

import signal
import subprocess
import threading
import time
from collections.abc import Callable

from sdn.errors import SdnError
from sdn.lab.journal import Journal
from sdn.lab.watch import Watch

_LONG_LIFE_S = 5.0  # who lived so long is started again at once
_FIRST_DELAY_S, _LAST_DELAY_S = 0.05, 5.0

Process = subprocess.Popen[bytes]


class Keep:
    """Starts a process again whenever it ends: at once, and with a growing delay while it does not stay alive.

    `start` starts it and returns it; `back` is called, outside all locks, when it runs again.
    """

    def __init__(
        self,
        watch: Watch,
        journal: Journal,
        name: tuple[str, str],
        start: Callable[[], Process],
        back: Callable[[], None] = lambda: None,
    ) -> None:
        self._watch, self._journal = watch, journal
        self._place, self._what = name
        self._start, self._back = start, back
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._delay_s = 0.0
        self._born_s = 0.0

    def watch(self, process: Process) -> None:
        """The process, which has just been started, is kept running from now on."""
        self._born_s = time.monotonic()
        self._watch.process(process, lambda: self._ended(process))

    def stop(self) -> None:
        """It is not started again; after this no start is under way."""
        self._stopped.set()
        with self._lock:
            pass

    def _ended(self, process: Process) -> None:
        status = process.wait()
        if self._stopped.is_set():
            return
        ended_s = time.monotonic()
        self._journal.say(self._place, f"{self._what} ended ({_words(status)})")
        while not self._again(ended_s):
            pass

    def _again(self, ended_s: float) -> bool:
        """Try once to start it; True if there is nothing more to try."""
        young = time.monotonic() - self._born_s < _LONG_LIFE_S
        self._delay_s = min(max(2 * self._delay_s, _FIRST_DELAY_S), _LAST_DELAY_S) if young and self._delay_s else 0.0
        if self._stopped.wait(self._delay_s):
            return True
        self._delay_s = self._delay_s or _FIRST_DELAY_S / 2
        with self._lock:
            if self._stopped.is_set():
                return True
            try:
                self.watch(self._start())
            except (SdnError, OSError) as error:
                self._journal.say(self._place, f"{self._what} does not come back: {error}")
                self._born_s = time.monotonic()  # what does not even start has not lived long
                return False
        self._report(ended_s)
        return True

    def _report(self, ended_s: float) -> None:
        try:
            self._back()
        except (SdnError, OSError) as error:
            self._journal.say(self._place, f"{self._what} was started again, but: {error}")
        else:
            self._journal.say(self._place, f"{self._what} runs again after {time.monotonic() - ended_s:.3f} s")


def _words(status: int) -> str:
    return signal.Signals(-status).name if status < 0 else f"status {status}"
