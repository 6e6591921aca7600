"""Every kind of path on every node of every topology, asked of a real switch's `ofproto/trace`."""

from __future__ import annotations

import pytest

from sdn.model import Mode
from sdn.pipeline import Tables, provenance

from .bridges import TOPOLOGIES, Bridge, Bridges, plan_of
from .cases import Case, Node
from .dummy import Trace

NODES = [(topology, node.name) for topology in TOPOLOGIES for node in plan_of(topology).nodes]


def differs(case: Case, trace: Trace, bridge: Bridge, tables: Tables) -> str:
    """How what the switch does differs from what must become of the packet; empty if it does not."""
    want = ((case.port,) if case.port else (), case.tunnel, case.commits)
    found = (trace.outputs, trace.tunnel if trace.outputs else None, trace.commits)
    if found != want:
        return f"{case.name} ({case.ct}): {case.packet}: found {found}, expected {want}\n{trace.text}"
    table = tables.by_number.get(trace.hops[-1] >> 56)
    dropped_in = table.name if table else "no rule"
    if not case.port and dropped_in != case.table:
        origin = provenance(trace.hops[-1], tables, bridge.node.refs())
        return f"{case.name} ({case.ct}): {case.packet}: dropped by {origin}, expected in {case.table}"
    return ""


def check(bridge: Bridge, tables: Tables, node: Node) -> int:
    cases = list(node.cases())
    faults = [fault for case in cases if (fault := differs(case, bridge.trace(case.packet, case.ct), bridge, tables))]
    assert not faults, f"{len(faults)} of {len(cases)}:\n" + "\n".join(faults[:3])
    return len(cases)


@pytest.mark.parametrize(("topology", "node"), NODES)
def test_every_packet_goes_where_it_must(bridges: Bridges, tables: Tables, topology: str, node: str) -> None:
    bridge = bridges.get(topology, node)
    assert check(bridge, tables, Node(bridge.plan, bridge.node, states=("new", "est"))) > 20


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("node", ["node1", "node2"])
def test_the_same_tenants_in_every_mode(bridges: Bridges, tables: Tables, node: str, mode: Mode) -> None:
    bridge = bridges.get("multitenant", node, mode)
    check(bridge, tables, Node(bridge.plan, bridge.node))


@pytest.mark.parametrize("namespace", ["shop", "default"])
def test_a_closed_namespace_still_gets_its_replies(bridges: Bridges, tables: Tables, namespace: str) -> None:
    """With a policy that closes a namespace: established and related packets pass, and so does the node."""
    bridge = bridges.get("multitenant", "node1", Mode.NETWORK_POLICY, namespace)
    check(bridge, tables, Node(bridge.plan, bridge.node, namespace))
