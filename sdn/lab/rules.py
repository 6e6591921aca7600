"""The rules of every switch: rendered from the plan, handed to the controller process, which keeps them true.

The controller is a process of its own: it may die and come back without a packet noticing, and its imports run beside
ours. Rules are worked out anew for the nodes whose plan has changed, and sent as complete lists.
"""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sdn.controller.client import ControllerClient
from sdn.errors import LabError, SwitchError
from sdn.lab.controller import ControllerProcess, start_controller
from sdn.lab.journal import Journal
from sdn.lab.keep import Keep
from sdn.lab.watch import Watch
from sdn.ovs.dump import differences
from sdn.plan import NodePlan

if TYPE_CHECKING:
    from sdn.pipeline import Flow, Tables

IN_FORCE_TIMEOUT_S = 60.0


class Rules:
    """What every switch shall do, and whether it does. Safe to use from any thread."""

    def __init__(self, controller: ControllerProcess, watch: Watch, journal: Journal) -> None:
        self.flows: dict[str, tuple[Flow, ...]] = {}
        self._journal = journal
        self._nodes: dict[str, NodePlan] = {}
        self._generation: dict[str, int] = {}
        self._in_force: dict[str, int] = {}
        self._refused: dict[str, tuple[int, str]] = {}
        self._changed = threading.Condition()
        self._speaking = threading.RLock()
        self._told = False  # whether the controller knows what the tables are called
        keep = Keep(watch, journal, ("controller", "the controller"), self._restart, self._tell_all)
        keep.watch(self._speak_to(controller))

    @cached_property
    def tables(self) -> Tables:
        """The pipeline's tables; imported and read when first needed, which is while the switches start."""
        from sdn.pipeline import load_tables

        return load_tables()

    def set(self, nodes: Iterable[NodePlan]) -> None:
        """The nodes shall have the rules of their plan. Returns at once; `wait` says when they do."""
        from sdn.pipeline import render

        for node in nodes:
            if self._nodes.get(node.name) == node:
                continue
            flows = render(self.tables, node.flow_names(), node.refs())
            with self._changed:
                self._nodes[node.name] = node
                if self.flows.get(node.name) == flows:
                    continue
                self.flows[node.name] = flows
                self._generation[node.name] = self._generation.get(node.name, 0) + 1
            self._desire(node.name)

    def forget(self, node: str) -> None:
        """The node is gone."""
        with self._changed:
            plan = self._nodes.pop(node, None)
            for kept in (self.flows, self._generation, self._in_force, self._refused):
                kept.pop(node, None)
        if plan is not None:
            self._client.forget(datapath_of(plan))

    def again(self, node: str) -> None:
        """The node's switch starts from nothing: its rules are not in force until it says so again."""
        with self._changed:
            self._in_force.pop(node, None)

    def wait(self, nodes: Iterable[str], timeout_s: float = IN_FORCE_TIMEOUT_S) -> None:
        """Return once the newest rules of the nodes are in force (barrier answered).

        Raises:
            SwitchError: a switch refused a rule; the message names the rule.
            LabError: it took longer than `timeout_s`.
        """
        deadline = time.monotonic() + timeout_s
        with self._changed:
            for node in nodes:
                while self._in_force.get(node) != self._generation.get(node):
                    generation, error = self._refused.get(node, (0, ""))
                    if generation == self._generation.get(node):
                        raise SwitchError(f"{node}: {error}")
                    if not self._changed.wait(deadline - time.monotonic()):
                        raise LabError(f"{node}: its rules were not in force within {timeout_s:g} s")

    def in_force(self) -> Mapping[str, bool]:
        """Whether each node's newest rules are in force."""
        with self._changed:
            return {node: self._in_force.get(node) == wanted for node, wanted in self._generation.items()}

    def refs(self, node: str) -> Mapping[int, str]:
        """The objects that the cookies of a node's rules stand for."""
        return self._nodes[node].refs()

    def difference(self, node: str) -> list[str]:
        """How the node's switch differs from what it shall do, as `ovs-ofctl diff-flows` says it."""
        from sdn.pipeline import ofctl_text

        return differences(node, ofctl_text(self.flows[node], self.tables))

    def _desire(self, name: str) -> None:
        """Not under the lock of `_changed`: the controller may be writing to us while we write to it."""
        with self._speaking:
            with self._changed:
                if name not in self._nodes:
                    return
                wanted = datapath_of(self._nodes[name]), name, self._generation[name]
                lines = [flow.line for flow in self.flows[name]]
            if not self._told:
                self._client.tables(self.tables.names)
                self._told = True
            self._client.desire(*wanted, lines)

    def _speak_to(self, controller: ControllerProcess) -> subprocess.Popen[bytes]:
        with self._speaking:
            self._client = ControllerClient(controller.channel, self._event)
            self._told = False
        return controller.process

    def _restart(self) -> subprocess.Popen[bytes]:
        self._client.close()
        return self._speak_to(start_controller())

    def _tell_all(self) -> None:
        for node in list(self.flows):
            self._desire(node)

    def _event(self, event: Mapping[str, Any]) -> None:
        kind, name = event.get("event"), str(event.get("name", "controller"))
        if kind == "in-force":
            with self._changed:
                self._in_force[name] = int(event["generation"])
                self._refused.pop(name, None)
                self._changed.notify_all()
        elif kind == "refused":
            with self._changed:
                self._refused[name] = (int(event["generation"]), f"{event['error']}: {event.get('line')}")
                self._changed.notify_all()
            self._journal.say(name, f"switch refused a rule: {event['error']}: {event.get('line')}")
        elif kind == "drift":
            self._journal.say(name, f"a rule was {event['what']} by another hand, repaired: {event.get('line')}")
        elif kind in ("connected", "disconnected"):
            self._journal.say(name, f"switch {kind} {'to' if kind == 'connected' else 'from'} the controller")
        elif kind == "error":
            self._journal.say(name, f"controller: {event.get('error')}")


def datapath_of(node: NodePlan) -> int:
    """The datapath id of the node's controlled bridge."""
    return next(bridge.datapath_id for bridge in node.bridges if bridge.controlled)
