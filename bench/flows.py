"""Rules a second, from their text to the answer that they are in force: ours against ovs-ofctl on the same switch.

Both put the same 10,000 rules, which a large node of the real pipeline has, into an empty bridge of one ovs-vswitchd.
Ours goes the whole way: list, control channel, controller process, bundle, barrier, event. No rule is known to the
controller from an earlier round.
"""

from __future__ import annotations

import tempfile
from ipaddress import IPv4Address, IPv4Network
from itertools import count
from pathlib import Path
from time import perf_counter

from bench.figure import Figure, Row
from sdn.model import Cluster, ClusterNetwork, MachineNetwork, Namespace, Node, Objects, Pod
from sdn.pipeline import Tables, load_tables, ofctl_text, parse_flow, render
from sdn.plan import plan
from tests.support.openflow import TWIN, ControllerProcess, DummySwitch

ROUNDS = 5
RULES = 10_000
PEERS, PODS, NAMESPACES = 900, 1600, 40


def flows(quick: bool) -> list[Row]:
    """Rules a second into one switch."""
    tables = load_tables()
    lines = rules(tables)
    with tempfile.TemporaryDirectory() as folder, ControllerProcess(Path(folder)) as controller:
        controller.wait("ready")
        with DummySwitch(Path(folder) / "switch", controller=controller.listens) as switch:
            controller.client.tables(tables.names)
            generation = count(1)
            ours, theirs = [], []
            _ours(controller, next(generation), lines[:500])  # what a lab has done before: the shapes are known
            for number in range(1 if quick else ROUNDS):
                fresh = [line.replace("cookie=0x", f"cookie=0x{number + 1:x}", 1) for line in lines]
                _ours(controller, next(generation), [])
                ours.append(_ours(controller, next(generation), fresh))
                theirs.append(_ovs_ofctl(switch, ofctl_text([parse_flow(line, tables) for line in fresh], tables)))
                if switch.flows() != switch.flows(TWIN):
                    raise RuntimeError("the two bridges do not have the same rules")
    rates = [Figure("rules/s", tuple(len(lines) / s for s in seconds)) for seconds in (ours, theirs)]
    return [Row(f"{len(lines):,} rules into a switch", rates[0], rates[1], "ovs-ofctl --bundle add-flows")]


def rules(tables: Tables) -> list[str]:
    """Rules of a node with many pods and peers, as lines; cookies leave room for one more digit."""
    machines = IPv4Network("10.0.0.0/16")
    nodes = tuple(Node(f"node{i}", machines[i + 10]) for i in range(PEERS + 1))
    pods = tuple(Pod(f"pod{i}", f"space{i % NAMESPACES}", "node0") for i in range(PODS))
    cluster = Cluster(
        "bench",
        nodes,
        cluster_networks=(ClusterNetwork(IPv4Network("10.128.0.0/9"), 20),),
        machine_networks=(MachineNetwork(machines, IPv4Address("10.0.0.1")),),
    )
    spaces = tuple(Namespace(name) for name in ("default", *(f"space{i}" for i in range(NAMESPACES))))
    node = plan(Objects(cluster, spaces, pods)).node("node0")
    flows = render(tables, node.flow_names())
    if len(flows) < RULES:
        raise RuntimeError(f"the pipeline has {len(flows)} rules for this node, {RULES} are wanted")
    return [flow.line.replace(hex(flow.cookie), hex(flow.cookie & (1 << 56) - 1), 1) for flow in flows[-RULES:]]


def _ours(controller: ControllerProcess, generation: int, lines: list[str]) -> float:
    started = perf_counter()
    controller.client.desire(1, "node0", generation, lines)
    controller.wait("in-force", lambda event: event["generation"] == generation)
    return perf_counter() - started


def _ovs_ofctl(switch: DummySwitch, text: str) -> float:
    switch.ofctl("del-flows", TWIN)
    started = perf_counter()
    switch.ofctl("--bundle", "add-flows", TWIN, "-", text=text)
    return perf_counter() - started
