"""Nodes of the topologies as bridges of the dummy switch, in any mode, made when first asked for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from sdn.manifest import load, read_sources
from sdn.model import Mode
from sdn.pipeline import Flow, Tables, ofctl_text, render
from sdn.plan import NodePlan, Plan, plan
from sdn.resources import topologies

from .dummy import Switch, Trace

TOPOLOGIES = sorted(path.stem for path in topologies().glob("*.yaml"))
# A namespace that may reach nobody, and that nobody but one other may reach, as policies will write it one day.
ISOLATED = """\
cookie=0x1bffff0000000000,table=27,priority=60,ip,reg0={vnid},actions=drop
cookie=0x50ffff0000000000,table=80,priority=60,ip,reg1={vnid},actions=drop
cookie=0x50fffe0000000000,table=80,priority=150,ip,reg0={admitted},reg1={vnid},actions=ct(commit,zone=65520),output:reg2
"""
ADMITTED = "bank"


@cache
def plan_of(topology: str, mode: Mode | None = None) -> Plan:
    """The plan of a topology, in its own mode or another."""
    path: Path = topologies() / f"{topology}.yaml"
    objects = load(read_sources([str(path)])).objects
    if mode is not None:
        objects = replace(objects, cluster=replace(objects.cluster, mode=mode))
    return plan(objects)


@dataclass(frozen=True)
class Bridge:
    """A node of a plan on the dummy switch. `flows` are the node's rules, `text` all that are in the switch."""

    switch: Switch
    name: str
    plan: Plan
    node: NodePlan
    flows: tuple[Flow, ...]
    text: str

    def differences(self) -> str:
        """How the rules in the switch differ from `text`, as ovs-ofctl says it."""
        file = self.switch.directory / "wanted"
        file.write_text(self.text)
        return self.switch.ofctl("diff-flows", self.name, str(file))

    def trace(self, packet: str, ct: str = "new") -> Trace:
        return self.switch.trace(self.name, packet, ct)


class Bridges:
    """Bridges by topology, node and mode."""

    def __init__(self, switch: Switch, tables: Tables) -> None:
        self.switch = switch
        self.tables = tables
        self._bridges: dict[tuple[str, str, Mode | None, str], Bridge] = {}

    def get(self, topology: str, node: str, mode: Mode | None = None, isolated: str = "") -> Bridge:
        """The node's bridge with its rules in; `isolated` names a namespace that policies close."""
        key = (topology, node, mode, isolated)
        if key not in self._bridges:
            self._bridges[key] = self._make(*key)
        return self._bridges[key]

    def fresh(self, topology: str, node: str, mode: Mode, policies: str) -> Bridge:
        """A bridge that nobody else uses, with rules of `policies` in the rules of the node."""
        bridge = self._make(topology, node, mode, "")
        self.switch.change(bridge.name, policies)
        return bridge

    def _make(self, topology: str, name: str, mode: Mode | None, isolated: str) -> Bridge:
        whole = plan_of(topology, mode)
        node = whole.node(name)
        flows = render(self.tables, node.flow_names(), node.refs())
        bridge = self.switch.bridge([1, 2, *(pod.ofport for pod in node.pods)])
        text = ofctl_text(flows, self.tables)
        if isolated:
            vnids = {tenant.name: tenant.vnid for tenant in node.tenants}
            text += ISOLATED.format(vnid=vnids[isolated], admitted=vnids[ADMITTED])
        self.switch.load(bridge, text)
        return Bridge(self.switch, bridge, whole, node, flows, text)
