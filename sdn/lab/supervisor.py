"""A running lab: changed as a whole, its processes kept running."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from sdn.errors import SdnError
from sdn.host.space import Spaces
from sdn.lab.answers import Answers
from sdn.lab.build import Builder, Change, Say
from sdn.lab.controller import ControllerProcess
from sdn.lab.journal import Journal
from sdn.lab.keep import Keep
from sdn.lab.rules import Rules
from sdn.lab.watch import Watch
from sdn.manifest import from_checked, from_documents
from sdn.model import Objects
from sdn.ovs.database import Datapath
from sdn.ovs.switch import Switch
from sdn.plan import Plan, plan

_TEACH_EVERY_S = 300.0


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
        self._answers = Answers(self._watch, self.journal)
        self._builder = Builder(self.spaces, self.datapath, self.rules, self._answers, self._guard)
        threading.Thread(target=self._keep_house, name="house", daemon=True).start()

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
        name = switch.node.name

        def vswitchd() -> subprocess.Popen[bytes]:
            self.rules.again(name)
            return switch.start_vswitchd()

        def back() -> None:
            self.rules.wait([name])
            switch.teach_neighbours()
            switch.await_tunnels()

        keeps = [
            (Keep(self._watch, self.journal, (name, "ovs-vswitchd"), vswitchd, back), switch.vswitchd),
            (Keep(self._watch, self.journal, (name, "ovsdb-server"), switch.start_database), switch.database),
        ]
        for keep, process in keeps:
            switch.before_stop.append(keep.stop)
            if process is not None:
                keep.watch(process)

    def teach_neighbours(self) -> None:
        """Every switch knows its peers' MACs: what it was taught it forgets after 15 minutes."""
        for switch in list(self._builder.switches.values()):
            with suppress(SdnError):  # it is just being restarted, which teaches it too
                switch.teach_neighbours()

    def _keep_house(self) -> None:
        while True:
            time.sleep(_TEACH_EVERY_S)
            self.teach_neighbours()
