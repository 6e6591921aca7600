"""Process 1 of a lab: builds it, keeps its processes running, and is its end."""

from __future__ import annotations

import json
import os
import signal
import socket
import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sdn.errors import SdnError
from sdn.host import kernel
from sdn.host.isolate import CONTROL_FD
from sdn.host.space import Spaces
from sdn.lab.answers import Answers
from sdn.lab.build import Builder, Change, Say
from sdn.lab.journal import Journal
from sdn.lab.paths import LAB, NAME
from sdn.lab.rules import Rules
from sdn.lab.tools import write_tools
from sdn.lab.watch import Watch
from sdn.manifest import from_documents
from sdn.model import Objects
from sdn.ovs.daemon import search_path
from sdn.ovs.database import Datapath
from sdn.ovs.switch import Switch
from sdn.pipeline import load_tables
from sdn.plan import Plan, plan

_ZOMBIE_TICK_S = 2.0
_SHORT_LIFE_S = 1.0


class Supervisor:
    """One running lab. Changes are serialised; everything may be read from any thread."""

    def __init__(self, name: str, datapath: Datapath) -> None:
        self.name, self.datapath = name, datapath
        self.started_s = time.time()
        self.documents: Sequence[Mapping[str, Any]] = ()
        self.objects: Objects | None = None
        self._lock = threading.Lock()
        self._watch = Watch()
        self.journal = Journal()
        self.spaces = Spaces()
        self.rules = Rules(self.spaces, load_tables(), self._watch, self.journal)
        self._answers = Answers(self.spaces, self._watch, self.journal)
        self._builder = Builder(self.spaces, datapath, self.rules, self._answers, self._guard)

    @property
    def plan(self) -> Plan | None:
        """What the lab is, once it is built."""
        return self._builder.plan

    def change(self, documents: Sequence[Mapping[str, Any]], say: Say) -> Change:
        """The lab is what the documents say.

        Raises:
            InputError: the documents are wrong; nothing was changed.
            SdnError: the change could not be made.
        """
        objects = from_documents(documents)
        wanted = plan(objects)
        with self._lock:
            change = self._builder.change(wanted, say)
            self.documents, self.objects = documents, objects
        return change

    def _guard(self, switch: Switch) -> None:
        """Both daemons of the switch are started again whenever they end, until the switch is stopped."""
        if switch.vswitchd is not None:
            self._guard_process(switch, "ovs-vswitchd")
        if switch.database is not None:
            self._guard_process(switch, "ovsdb-server")

    def _guard_process(self, switch: Switch, what: str, since_s: float | None = None) -> None:
        began = time.monotonic()
        process = switch.vswitchd if what == "ovs-vswitchd" else switch.database

        def ended() -> None:
            if process is None or switch.stopped:
                return
            process.wait()
            delay_s = 1.0 if time.monotonic() - began < _SHORT_LIFE_S else 0.0
            threading.Timer(delay_s, self._restart, (switch, what, process.returncode)).start()

        if process is not None:
            self._watch.process(process, ended)

    def _restart(self, switch: Switch, what: str, status: int) -> None:
        name, began = switch.node.name, time.monotonic()
        if switch.stopped:
            return
        self.journal.say(name, f"{what} ended ({_status(status)})")
        try:
            if what == "ovs-vswitchd":
                self.rules.again(name)
                switch.restart_switch()
                self._guard_process(switch, what)
                self.rules.wait([name])
                switch.teach_neighbours()
            else:
                switch.restart_database()
                self._guard_process(switch, what)
        except (SdnError, OSError) as error:
            self.journal.say(name, f"{what} does not come back: {error}")
            return
        self.journal.say(name, f"{what} runs again after {time.monotonic() - began:.3f} s")


def _status(code: int) -> str:
    return signal.Signals(-code).name if code < 0 else f"status {code}"


def serve(open_door: Callable[[Supervisor], None]) -> None:
    """Be process 1: take the lab's name and documents from the control socket, build, and stay.

    The lab dies with the command that started it until that command has said `keep`.
    """
    os.environ["PATH"] = search_path()
    LAB.mkdir(mode=0o755)
    control = socket.socket(fileno=CONTROL_FD)
    lines = control.makefile("r")
    write_tools()
    adopt = _read(lines)
    NAME.write_text(adopt["name"])
    _write(control, event="adopted")
    build = _read(lines)
    try:
        supervisor = Supervisor(adopt["name"], Datapath(build["datapath"]))
        change = supervisor.change(build["documents"], lambda *step: _progress(control, *step))
        open_door(supervisor)
    except SdnError as error:
        _write(control, event="failed", error=str(error), exit_code=error.exit_code)
        os._exit(1)
    except Exception as error:
        _write(
            control, event="failed", error=f"a fault in sdn itself: {error!r}\n{traceback.format_exc()}", exit_code=1
        )
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
