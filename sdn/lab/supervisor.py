"""A running lab: changed as a whole, its processes kept running."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sdn.errors import SdnError
from sdn.host.space import Spaces
from sdn.lab.answers import Answers
from sdn.lab.build import Builder, Change, Say
from sdn.lab.controller import ControllerProcess
from sdn.lab.journal import Journal
from sdn.lab.rules import Rules
from sdn.lab.watch import Watch
from sdn.manifest import from_checked, from_documents
from sdn.model import Objects
from sdn.ovs.database import Datapath
from sdn.ovs.switch import Switch
from sdn.plan import Plan, plan

_SHORT_LIFE_S = 1.0


class Supervisor:
    """One running lab. Changes are serialised; everything may be read from any thread."""

    def __init__(self, name: str, datapath: str, controller: ControllerProcess) -> None:
        self.name, self.datapath = name, Datapath(datapath)
        self.started_s = time.time()
        self.documents: Sequence[Mapping[str, Any]] = ()
        self.objects: Objects | None = None
        self._lock = threading.Lock()
        self._watch = Watch()
        self.journal = Journal()
        self.spaces = Spaces()
        self.rules = Rules(controller, self._watch, self.journal)
        self._answers = Answers(self.spaces, self._watch, self.journal)
        self._builder = Builder(self.spaces, self.datapath, self.rules, self._answers, self._guard)

    @property
    def plan(self) -> Plan | None:
        """What the lab is, once it is built."""
        return self._builder.plan

    def change(
        self,
        documents: Sequence[Mapping[str, Any]],
        say: Say,
        meanwhile: Callable[[], object] = lambda: None,
        checked: bool = False,
    ) -> Change:
        """The lab is what the documents say. `meanwhile` is done while the switches take their ports.

        Documents that the command has read and `checked` are not checked again.

        Raises:
            InputError: the documents are wrong; nothing was changed.
            SdnError: the change could not be made.
        """
        objects = from_checked(documents) if checked else from_documents(documents)
        wanted = plan(objects)
        with self._lock:
            change = self._builder.change(wanted, say, meanwhile)
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
