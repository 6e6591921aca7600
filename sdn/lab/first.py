"""The life of process 1 of a lab: told what to be by the command that started it, kept by it, and then on its own.

Imports little itself: the controller is started before anything that takes time.
"""

from __future__ import annotations

import json
import os
import socket
import time
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sdn.errors import SdnError
from sdn.host import kernel
from sdn.host.isolate import CONTROL_FD
from sdn.lab.controller import start_controller
from sdn.lab.paths import LAB, NAME
from sdn.lab.tools import write_tools
from sdn.ovs.daemon import search_path

if TYPE_CHECKING:
    from sdn.lab.supervisor import Supervisor

_ZOMBIE_TICK_S = 2.0

OpenDoor = Callable[["Supervisor"], None]


def live(import_door: Callable[[], OpenDoor]) -> None:
    """Be process 1: take the lab's name and documents from the control socket, build, and stay.

    The lab dies with the command that started it until that command has said `keep`. `import_door` gives the function
    that opens the lab's door; it is called while there is nothing else to do.
    """
    os.environ["PATH"] = search_path()
    LAB.mkdir(mode=0o755)
    controller = start_controller()
    from sdn.lab.supervisor import Supervisor

    write_tools()
    control = socket.socket(fileno=CONTROL_FD)
    lines = control.makefile("r")
    name = _read(lines)["name"]
    NAME.write_text(name)
    _write(control, event="adopted")
    build = _read(lines)
    try:
        supervisor = Supervisor(name, build["datapath"], controller)
        change = supervisor.change(build["documents"], lambda *step: _progress(control, *step), import_door, True)
        import_door()(supervisor)
    except SdnError as error:
        _write(control, event="failed", error=str(error), exit_code=error.exit_code)
        os._exit(1)
    except OSError as error:  # a namespace, a link, a file: the words say which
        _write(control, event="failed", error=str(error), exit_code=1)
        os._exit(1)
    except Exception as error:
        words = f"a fault in sdn itself: {error!r}\n{traceback.format_exc()}"
        _write(control, event="failed", error=words, exit_code=1)
        os._exit(1)
    _write(control, event="ready", made=change.made)
    if _read(lines).get("op") != "keep":
        os._exit(1)
    kernel.die_with_parent(False)
    _write(control, event="kept")
    control.close()
    _reap_forever()


def _read(lines: Any) -> dict[str, Any]:
    line = lines.readline()
    if not line:
        os._exit(1)
    request: dict[str, Any] = json.loads(line)
    return request


def _write(control: socket.socket, **event: object) -> None:
    try:
        control.sendall(json.dumps(event).encode() + b"\n")
    except OSError:
        os._exit(1)


def _progress(control: socket.socket, step: str, done: int, total: int) -> None:
    _write(control, event="progress", step=step, done=done, total=total)


def _reap_forever() -> None:
    """Take away the zombies that were left to process 1 by commands run in the lab.

    A child of our own is waited for by whoever started it, within moments; so only one that is seen dead twice in a
    row is nobody's.
    """
    seen: int | None = None
    while True:
        time.sleep(_ZOMBIE_TICK_S)
        try:
            found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            found = None
        pid = found.si_pid if found else None
        if pid is not None and pid == seen:
            os.waitpid(pid, os.WNOHANG)
        seen = pid
