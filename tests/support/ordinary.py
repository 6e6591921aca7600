"""A user of this machine who is not root."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TOP = Path(__file__).parents[2]
_ENTER = Path(__file__).with_name("as_ordinary_user")
_FIRST_UID = 900_000


@dataclass(frozen=True)
class OrdinaryUser:
    """Runs commands as a user of a number that no account has, with a home of his own."""

    uid: int
    home: Path

    @property
    def sdn(self) -> str:
        """The `sdn` command, where this user finds it."""
        return str(Path(sys.prefix, "bin", "sdn"))

    def command(self, *command: str) -> list[str]:
        """What to run, as we are, so that this user runs the command."""
        if os.geteuid() == self.uid:
            return list(command)
        enter = ["unshare", "--mount", "--propagation", "private", str(_ENTER), str(self.uid), str(self.home)]
        return [*enter, *map(str, self._folders()), "--", *command]

    def run(self, *command: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """He ran the command; options are those of subprocess.run, the output is text and kept."""
        options = {"check": False, "text": True, "capture_output": True, "cwd": self.home, **options}
        return subprocess.run(self.command(*command), **options)

    def processes(self) -> list[int]:
        """All that he runs now."""
        found = []
        for process in Path("/proc").iterdir():
            with suppress(OSError):
                if not process.name.isdigit():
                    continue
                status = (process / "status").read_text()
                if f"\nUid:\t{self.uid}\t" in status and "\nState:\tZ" not in status:
                    found.append(int(process.name))
        return found

    def _folders(self) -> Sequence[Path]:
        return sorted({TOP, Path(sys.prefix), Path(sys.base_prefix)} - {Path("/usr")})


def arrive() -> OrdinaryUser:
    """There is an ordinary user: ourselves, or if we are root one of a number of its own."""
    uid = os.geteuid() or _FIRST_UID + os.getpid()
    home = Path(tempfile.mkdtemp(prefix="sdn-home-", dir="/tmp"))
    os.chown(home, uid, -1 if os.geteuid() else uid)
    return OrdinaryUser(uid, home)


def leave(user: OrdinaryUser) -> list[int]:
    """He is gone, with his home and all that he ran; what he had left running is returned."""
    left = user.processes() if user.uid >= _FIRST_UID else []
    for pid in left:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    shutil.rmtree(user.home)
    return left
