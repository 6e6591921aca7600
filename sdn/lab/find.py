"""Which labs run: found by looking at the processes, since a lab leaves nothing else to be seen in the host.

A lab is a process that is number 1 of its own pid namespace and runs `-m sdn.api`; its name is in its own /run.
"""

from __future__ import annotations

import fcntl
import os
import select
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from sdn.errors import LabError, NoSuchLab
from sdn.lab.paths import DOOR, NAME, NETNS

MODULE = "sdn.api"
_STOP_TIMEOUT_S = 30.0


@dataclass(frozen=True)
class Lab:
    """A running lab, as its owner sees it from the host."""

    name: str
    pid: int
    uid: int

    @property
    def root(self) -> Path:
        """The lab's file system, seen from here."""
        return Path(f"/proc/{self.pid}/root")

    @property
    def door(self) -> Path:
        """The socket of its HTTP interface, seen from here."""
        return inside(self.root, DOOR)

    def namespace(self, name: str) -> Path:
        """The network namespace of that name, seen from here."""
        return inside(self.root, NETNS / name)

    def stop(self) -> None:
        """The lab is gone, and all that it made: its processes have ended and its namespaces with them.

        Raises:
            LabError: it did not end in time, or belongs to somebody else.
        """
        try:
            fd = os.pidfd_open(self.pid)
        except ProcessLookupError:
            return
        try:
            signal.pidfd_send_signal(fd, signal.SIGKILL)
            if not select.select([fd], [], [], _STOP_TIMEOUT_S)[0]:
                raise LabError(f"lab {self.name} (process {self.pid}) did not end within {_STOP_TIMEOUT_S:g} s")
        except ProcessLookupError:
            return
        except PermissionError as error:
            raise LabError(f"lab {self.name} belongs to user {self.uid}") from error
        finally:
            os.close(fd)


def inside(root: Path, path: Path) -> Path:
    """An absolute path of a lab, below its root as seen from here."""
    return root / path.relative_to("/")


def labs() -> list[Lab]:
    """The labs of this user (for root: of everybody) that run, by name."""
    return sorted(_labs(), key=lambda lab: (lab.name, lab.pid))


def _labs() -> Iterator[Lab]:
    me = os.geteuid()
    for entry in os.scandir("/proc"):
        if not entry.name.isdigit():
            continue
        with suppress(OSError):
            uid = entry.stat().st_uid
            if me in (0, uid) and _is_lab(Path(entry.path)):
                name = inside(Path(entry.path, "root"), NAME).read_text()
                yield Lab(name, int(entry.name), uid)


def _is_lab(process: Path) -> bool:
    command = (process / "cmdline").read_bytes().split(b"\0")
    if command[1:3] != [b"-m", MODULE.encode()]:
        return False
    pids = next(line for line in (process / "status").read_text().splitlines() if line.startswith("NSpid:"))
    return len(pids.split()) > 2 and pids.split()[-1] == "1"


def find(name: str | None) -> Lab:
    """The lab of that name, one's own before another user's; without a name the only one of one's own.

    Raises:
        NoSuchLab: there is none, or without a name there are several.
    """
    running = labs()
    own = [lab for lab in running if lab.uid == os.geteuid()]
    if name is None:
        if len(own) == 1:
            return own[0]
        names = ", ".join(lab.name for lab in own)
        raise NoSuchLab(f"name one with -l: {names} run" if own else "no lab of yours runs; `sdn up` starts one")
    found = [lab for lab in own if lab.name == name] or [lab for lab in running if lab.name == name]
    if len(found) > 1:
        raise NoSuchLab(f"{len(found)} users run a lab {name}")
    if found:
        return found[0]
    near = get_close_matches(name, [lab.name for lab in running], 1)
    names = ", ".join(lab.name for lab in running) or "none"
    raise NoSuchLab(f"no lab {name} runs; running: {names}" + (f"; nearest: {near[0]}" if near else ""))


@contextmanager
def claim() -> Iterator[None]:
    """Held while a lab takes its name, so that two commands at once do not take the same.

    The lock is on a directory that is there anyway: nothing is written to the host.
    """
    fd = os.open(Path(__file__).parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)
