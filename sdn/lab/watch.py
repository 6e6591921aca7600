"""Watching processes: who ends is told to whoever started it, and zombies that nobody owns are taken away."""

from __future__ import annotations

import os
import selectors
import subprocess
import threading
from collections.abc import Callable

from sdn.host.process import pidfd

Ended = Callable[[], None]


class Watch:
    """One thread that waits for the end of processes, and one for each that has ended, which may take its time."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._wake_read, self._wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._selector.register(self._wake_read, selectors.EVENT_READ)
        self._new: list[tuple[int, Ended]] = []
        self._lock = threading.Lock()
        threading.Thread(target=self._run, name="watch", daemon=True).start()

    def process(self, process: subprocess.Popen[bytes], when_ended: Ended) -> None:
        """Call `when_ended` once, when the process has ended."""
        self.fd(pidfd(process.pid), when_ended)

    def fd(self, fd: int, when_ready: Ended) -> None:
        """Call `when_ready` once, when `fd` is readable; closes it."""
        with self._lock:
            self._new.append((fd, when_ready))
        os.write(self._wake_write, b"x")

    def _run(self) -> None:
        while True:
            for key, _ in self._selector.select():
                if key.data is None:
                    os.read(self._wake_read, 4096)
                    self._take_new()
                else:
                    self._selector.unregister(key.fd)
                    os.close(key.fd)
                    threading.Thread(target=key.data, name="ended", daemon=True).start()

    def _take_new(self) -> None:
        with self._lock:
            new, self._new = self._new, []
        for fd, when_ready in new:
            self._selector.register(fd, selectors.EVENT_READ, when_ready)
