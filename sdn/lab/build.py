"""From what a lab is to what its plan says. Bring-up and every later change go this one way.

    remove ─► make namespaces ─► start switches ─► rules ─► wires ─► ports ─► addresses on br-ex and tun0 ─► answers
              (nodes first)      (side by side)    (sent)            (one transaction a node)

Nothing that goes away is waited for by what comes: a namespace whose plan has changed is removed and made anew, with
everything that hangs on it. On a switch that already runs, new ports come only after the new rules are in force, so
that a new pod never meets the rules of one that had its address before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

from sdn.controller.reconcile import reconcile
from sdn.host.space import Spaces
from sdn.lab.answers import Answers
from sdn.lab.paths import EMPTY_DATABASE
from sdn.lab.ready import wait_ready
from sdn.lab.rules import Rules
from sdn.lab.spaces import SpaceKeeper, fallen, structure
from sdn.ovs.daemon import empty_database
from sdn.ovs.database import Datapath
from sdn.ovs.switch import Switch
from sdn.plan import NodePlan, Plan, Role, Space

Say = Callable[[str, int, int], None]
_THREADS = 16


@dataclass(frozen=True)
class Change:
    """How many namespaces were made and removed, on how many nodes rules or ports were set, and who answers anew."""

    made: int
    removed: int
    nodes: int
    answers: int


class Builder:
    """What a lab is made of. One change at a time; `started` hears of every switch that begins to run."""

    def __init__(
        self, spaces: Spaces, datapath: Datapath, rules: Rules, answers: Answers, started: Callable[[Switch], None]
    ) -> None:
        self.switches: dict[str, Switch] = {}
        self.plan: Plan | None = None
        self._spaces = spaces
        self._datapath = datapath
        self._rules, self._answers, self._started = rules, answers, started
        self._keeper = SpaceKeeper(spaces, software_checksums=datapath is Datapath.USERSPACE)
        self._unfinished: set[str] = set()  # made by a change that failed
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="build")
        self._empty = self._pool.submit(empty_database, EMPTY_DATABASE)

    def change(self, plan: Plan, say: Say, meanwhile: Callable[[], object] = lambda: None) -> Change:
        """The lab is what `plan` says: every rule in force, every pod answering its node.

        `meanwhile` is done while the switches take their ports.

        Raises:
            SdnError: it could not be done; what was done stays, and the next change starts from there.
        """
        delta = reconcile({space.name: structure(space) for space in plan.spaces}, self._keeper.actual)
        broken = self._unfinished & self._keeper.actual.keys()
        gone = fallen([*delta.removed, *delta.changed, *broken], self._keeper.actual)
        self._unfinished = gone | {space.name for space in plan.spaces} - self._keeper.actual.keys()
        self._remove(gone)
        new = [space for space in plan.spaces if space.name not in self._keeper.actual]
        fresh = self._start_switches(plan, new)
        self._keeper.make(space for space in new if space.role is not Role.NODE)
        changed = [node for node in plan.nodes if node.name in fresh or self.switches[node.name].node != node]
        filters = [self._pool.submit(self._keeper.filter, space) for space in new if space.filter]
        self._rules.set(plan.nodes)
        _all(filters)  # no wire leads anywhere before they stand
        for number, space in enumerate(new, 1):
            self._keeper.wire(space)
            say("wires", number, len(new))
        self._connect(changed, fresh, say, meanwhile)
        for name in fresh:
            self._keeper.finish(plan.space(name))
        for node in changed:
            self.switches[node.name].await_tunnels()
        answers = self._settle(plan, {space.name for space in new}, say)
        self.plan, self._unfinished = plan, set()
        return Change(len(new), len(gone), len(changed), answers)

    def _remove(self, gone: set[str]) -> None:
        """Ports first, so that no switch looks for devices that are no more; nodes with all that is on them."""
        if not gone:
            return
        self._answers.forget(gone)
        for name in gone & self.switches.keys():
            self._rules.forget(name)
            self.switches.pop(name).stop()
        for switch in self.switches.values():
            pods = [pod for pod in switch.node.pods if pod.space in gone]
            switch.drop_ports(pod.wire for pod in pods)
            for pod in pods:
                switch.forget_connections(pod.ip)
                self._keeper.forget_connections(switch.node.space, pod.ip)
        self._keeper.remove(gone)

    def _start_switches(self, plan: Plan, new: Iterable[Space]) -> dict[str, Future[None]]:
        names = {space.name for space in new if space.role is Role.NODE}
        self._keeper.make(space for space in new if space.role is Role.NODE)
        fresh = {}
        for node in plan.nodes:
            if node.name in names:
                switch = self.switches[node.name] = Switch(self._spaces, node, self._datapath)
                fresh[node.name] = self._pool.submit(self._start_switch, switch)
        return fresh

    def _start_switch(self, switch: Switch) -> None:
        self._empty.result()
        switch.start(EMPTY_DATABASE)
        self._started(switch)

    def _connect(
        self, nodes: list[NodePlan], fresh: dict[str, Future[None]], say: Say, meanwhile: Callable[[], object]
    ) -> None:
        tables = {number: name for name, number in self._rules.tables.names.items()}

        def connect(node: NodePlan) -> None:
            if node.name in fresh:
                fresh[node.name].result()
            else:
                self._rules.wait([node.name])
            switch = self.switches[node.name]
            switch.set_ports(node, tables)
            switch.teach_neighbours()

        connecting = [self._pool.submit(connect, node) for node in nodes]
        meanwhile()
        try:
            for number, done in enumerate(connecting, 1):
                done.result()
                say("switches", number, len(nodes))
        finally:
            wait(connecting)  # a change that fails leaves nothing under way

    def _settle(self, plan: Plan, new: set[str], say: Say) -> int:
        for number, node in enumerate(plan.nodes, 1):
            self._rules.wait([node.name])
            say("rules", number, len(plan.nodes))
        changed = self._answers.set(plan.spaces)
        pods = {space.name: space for space in plan.spaces if space.role is Role.POD and space.name in new | changed}
        say("pods", 0, len(pods))
        wait_ready(self._spaces, plan.nodes, pods)
        say("pods", len(pods), len(pods))
        return len(changed)


def _all(futures: Iterable[Future[None]]) -> None:
    for future in futures:
        future.result()
