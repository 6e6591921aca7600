"""A process that is the whole lab: the first of its own pid, mount, network, IPC and UTS namespaces.

    the command ──fork──► shim ──unshare, fork──► process 1 of the lab ──exec──► the supervisor

When process 1 ends, by whatever hand, the kernel ends everything in its namespaces: that is the clean-up. Until the
lab says that it is up, process 1 dies with the shim and the shim dies with the command. An ordinary user gets a user
namespace around it all, in which he is root.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from sdn.errors import MachineError
from sdn.host import kernel

_NAMESPACES = kernel.CLONE_NEWPID | kernel.CLONE_NEWNS | kernel.CLONE_NEWNET | kernel.CLONE_NEWIPC | kernel.CLONE_NEWUTS
CONTROL_FD = 3


@dataclass(frozen=True)
class Isolated:
    """A process 1: its pid as seen from here, a pidfd, the pid of the shim, and our end of the control socket."""

    pid: int
    pidfd: int
    shim: int
    control: socket.socket


def isolate(command: Sequence[str]) -> Isolated:
    """Run a command as process 1 of a lab; file descriptor 3 is its end of the control socket.

    Raises:
        MachineError: the kernel does not let this user make namespaces.
    """
    ours, theirs = socket.socketpair()
    read, write = os.pipe()
    shim = os.fork()
    if shim == 0:
        ours.close()
        os.close(read)
        _shim(command, theirs, write)
    theirs.close()
    os.close(write)
    with os.fdopen(read, "rb") as answer:
        report = dict(line.split(" ", 1) for line in answer.read().decode().splitlines())
    if "error" in report or "pid" not in report:
        os.waitpid(shim, 0)
        reason = report.get("error", "its first process died")
        raise MachineError(f"cannot make the namespaces of a lab: {reason}", "sdn doctor")
    pid = int(report["pid"])
    return Isolated(pid, os.pidfd_open(pid), shim, ours)


def _shim(command: Sequence[str], control: socket.socket, report: int) -> None:
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the command, whose end is ours
        uid, gid = os.geteuid(), os.getegid()
        if uid != 0:
            kernel.unshare(kernel.CLONE_NEWUSER)
            kernel.map_root(uid, gid)
        kernel.unshare(_NAMESPACES)
        kernel.die_with_parent()
        first = os.fork()
        if first == 0:
            _first(command, control, report)
        os.write(report, b"pid %d\n" % first)
        os.close(report)
        control.close()
        os.waitpid(first, 0)
    except BaseException as error:  # nothing above may run twice, so nothing leaves here
        _fail(report, error)
    os._exit(0)


def _first(command: Sequence[str], control: socket.socket, report: int) -> None:
    try:
        kernel.die_with_parent()
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.setsid()
        kernel.mount("none", "/", flags=kernel.MS_REC | kernel.MS_SLAVE)
        kernel.mount("proc", "/proc", "proc", kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC)
        kernel.mount("tmpfs", "/run", "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, "mode=0755")
        os.chdir("/")
        null = os.open("/dev/null", os.O_RDWR)
        for fd in (0, 1, 2):
            os.dup2(null, fd)
        os.dup2(control.fileno(), CONTROL_FD)
        os.closerange(CONTROL_FD + 1, 1 << 16)
        os.execv(command[0], list(command))
    except BaseException as error:
        _fail(report, error)


def _fail(report: int, error: BaseException) -> None:
    try:
        os.write(report, f"error {error}\n".encode())
    except OSError:
        print(error, file=sys.stderr)
    os._exit(1)
