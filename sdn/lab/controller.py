"""Starting the controller process: the first thing that a lab does, since its imports take as long as a switch.

Imports little itself, for the same reason.
"""

from __future__ import annotations

import socket
import subprocess
import sys
from dataclasses import dataclass

from sdn.lab.paths import LOGS
from sdn.ovs.daemon import OPENFLOW


@dataclass(frozen=True)
class ControllerProcess:
    """A running controller, and our end of the channel to it."""

    process: subprocess.Popen[bytes]
    channel: socket.socket


def start_controller() -> ControllerProcess:
    """A controller runs, soon to be listening; it ends when the channel does."""
    ours, theirs = socket.socketpair()
    LOGS.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "sdn.controller", "--listen", str(OPENFLOW), "--control", str(theirs.fileno())]
    with theirs, (LOGS / "controller.log").open("ab") as log:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=[theirs.fileno()]
        )
    return ControllerProcess(process, ours)
