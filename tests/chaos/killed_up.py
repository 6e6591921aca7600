"""`sdn up`, during which something is killed.

    python killed_up.py NAME FILE VICTIM STEP DELAY_MS

VICTIM (command, supervisor, shim, or a word of a daemon's command line) gets SIGKILL DELAY_MS after the STEP-th sign
of progress (0: as soon as there is a supervisor). Prints the number of steps if the lab came up all the same.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

from sdn.lab.start import Starting
from sdn.manifest import load, read_sources
from tests.net.labs import MARK, processes


def main(name: str, file: str, victim: str, step: int, delay_ms: float) -> None:
    """Come up, and kill on the way."""
    loaded = load(read_sources([file]))
    starting = Starting()
    seen = 0

    def strike() -> None:
        for pid in _victims(starting, victim):
            print("killed", pid, file=sys.stderr, flush=True)
            os.kill(pid, signal.SIGKILL)

    def say(what: str, done: int, total: int) -> None:
        nonlocal seen
        if seen == step:
            threading.Timer(delay_ms / 1000, strike).start() if delay_ms else strike()
        seen += 1

    say("started", 0, 0)
    starting.adopt(name)
    say("adopted", 0, 0)
    starting.build(loaded.documents, "userspace", say)
    say("built", 0, 0)
    if step < seen - 1 or delay_ms == 0:
        starting.keep()
    print(seen, flush=True)


def _victims(starting: Starting, victim: str) -> list[int]:
    own = {"command": os.getpid(), "supervisor": starting.pid, "shim": starting.shim}
    if victim in own:
        return [own[victim]]
    lines = {pid: Path(f"/proc/{pid}/cmdline").read_bytes().decode() for pid in processes(os.environ[MARK])}
    return [pid for pid, line in lines.items() if victim in line and pid != os.getpid()][:1]


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), float(sys.argv[5]))
