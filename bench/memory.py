"""Memory of everything in a pid namespace."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path


def processes(pid: int) -> Iterator[Path]:
    """The entries in /proc of all processes that are in the pid namespace of process `pid`."""
    namespace = Path(f"/proc/{pid}/ns/pid").stat().st_ino
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended
            if (process / "ns/pid").stat().st_ino == namespace:
                yield process


def memory_mb(pid: int) -> float:
    """Their memory, what is shared divided among those who share it (PSS)."""
    total_kb = 0
    for process in processes(pid):
        with suppress(OSError):
            lines = (process / "smaps_rollup").read_text().splitlines()
            total_kb += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total_kb / 1024
