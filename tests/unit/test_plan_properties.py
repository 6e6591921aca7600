"""What holds of the plan for every input that is accepted."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

from hypothesis import given

from sdn.manifest import Source, from_documents, load, read_sources
from sdn.model import Mode
from sdn.plan import Plan, plan
from tests.fuzz.clusters import documents, to_yaml
from tests.fuzz.settings import fuzz

TOPOLOGIES = Path(__file__).parents[2] / "topologies"
Documents = list[dict[str, Any]]


def planned(values: Documents) -> Plan:
    return plan(from_documents(values))


def spec_of(values: Documents) -> dict[str, Any]:
    (spec,) = (value["spec"] for value in values if value["kind"] == "Cluster")
    return dict(spec)


def unique(values: list[Any]) -> bool:
    return max(Counter(values).values(), default=1) == 1


@fuzz
@given(documents())
def test_each_node_has_a_subnet_of_a_range_to_itself(values: Documents) -> None:
    spec, nodes = spec_of(values), planned(values).nodes
    ranges = {IPv4Network(each["cidr"]): each["hostPrefix"] for each in spec["clusterNetwork"]}
    for node in nodes:
        (prefix,) = (prefix for cidr, prefix in ranges.items() if node.subnet.subnet_of(cidr))
        assert node.subnet.prefixlen == prefix
        assert not any(node.subnet.overlaps(other.subnet) for other in nodes if other is not node)
        assert node.gateway == node.subnet.network_address + 1
    asked = {node["name"]: node["subnet"] for node in spec["nodes"] if "subnet" in node}
    assert {node.name: str(node.subnet) for node in nodes if node.name in asked} == asked


@fuzz
@given(documents())
def test_each_pod_has_an_address_and_a_port_to_itself(values: Documents) -> None:
    result = planned(values)
    assert len(result.pods) == sum(value["kind"] == "Pod" for value in values)
    assert unique([pod.ip for pod in result.pods])
    for node in result.nodes:
        taken = {node.subnet.network_address, node.subnet.broadcast_address, node.gateway}
        assert all(pod.ip in node.subnet and pod.ip not in taken for pod in node.pods)
        (bridge,) = (bridge for bridge in node.bridges if bridge.controlled)
        ofports = [port.ofport for port in bridge.ports]
        assert unique(ofports)
        assert all(1 <= ofport <= 65279 for ofport in ofports)
        assert {(pod.wire, pod.ofport) for pod in node.pods} <= {(port.name, port.ofport) for port in bridge.ports}


@fuzz
@given(documents())
def test_each_namespace_has_a_vnid_to_itself_and_default_is_global(values: Documents) -> None:
    objects = from_documents(values)
    vnids = {(pod.namespace, pod.vnid) for pod in plan(objects).pods}
    if objects.cluster.mode is Mode.SUBNET:
        assert {vnid for _, vnid in vnids} <= {0}
    else:
        assert unique([vnid for _, vnid in vnids])
        assert all((vnid == 0) == (name == "default") for name, vnid in vnids)
        assert all(vnid == 0 or 10 <= vnid < 1 << 24 for _, vnid in vnids)


@fuzz
@given(documents())
def test_no_two_things_have_one_name_or_one_mac(values: Documents) -> None:
    result = planned(values)
    assert unique([space.name for space in result.spaces])
    wires = [(space.name, wire) for space in result.spaces for wire in space.wires]
    ends = [(name, wire.name) for name, wire in wires] + [(wire.far_space, wire.far_name) for _, wire in wires]
    assert unique(ends)
    assert all(len(device) <= 15 for _, device in ends)
    spaces = {space.name: space for space in result.spaces}
    assert all(wire.far_bridge is None or wire.far_bridge in spaces[wire.far_space].bridges for _, wire in wires)
    bridges = [bridge for node in result.nodes for bridge in node.bridges]
    switches = [bridge.mac for bridge in bridges if bridge.controlled]  # br-ex has its node's MAC by intent
    assert unique([*switches, *(wire.mac for _, wire in wires), *(node.gateway_mac for node in result.nodes)])
    assert unique([bridge.datapath_id for bridge in bridges])


@fuzz
@given(documents())
def test_the_order_of_namespaces_does_not_matter(values: Documents) -> None:
    namespaces = [value for value in values if value["kind"] == "Namespace"]
    others = [value for value in values if value["kind"] != "Namespace"]
    assert planned(values) == planned(others + namespaces[::-1])


@fuzz
@given(documents())
def test_a_namespace_of_its_own_document_changes_no_rule(values: Documents) -> None:
    assert planned(values).nodes == planned([value for value in values if value["kind"] != "Namespace"]).nodes


@fuzz
@given(documents())
def test_the_same_objects_as_text_give_the_same_plan(values: Documents) -> None:
    text = to_yaml(values)
    loaded = load([Source("generated.yaml", text)])
    assert list(loaded.documents) == values
    assert loaded.objects == from_documents(values)
    assert plan(loaded.objects) == planned(values)


def test_the_plan_does_not_depend_on_the_process() -> None:
    path = str(TOPOLOGIES / "multitenant.yaml")
    program = (
        "import sys\nfrom sdn.manifest import load, read_sources\nfrom sdn.plan import plan\n"
        "print(plan(load(read_sources(sys.argv[1:])).objects))"
    )
    here = repr(plan(load(read_sources([path])).objects))
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        there = subprocess.run(
            [sys.executable, "-c", program, path], env=environment, check=True, capture_output=True, text=True
        )
        assert there.stdout.strip() == here


def test_a_subnet_can_be_filled_to_the_last_address() -> None:
    cluster = {
        "clusterNetwork": [{"cidr": "10.128.0.0/24", "hostPrefix": 28}],
        "nodes": [{"name": "n1", "ip": "10.0.0.11"}, {"name": "n2", "ip": "10.0.0.12"}],
    }
    values: Documents = [{"apiVersion": "sdn/v1", "kind": "Cluster", "metadata": {"name": "lab"}, "spec": cluster}]
    values += [
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": f"p{number}"},
            "spec": {"nodeName": "n2", "containers": [{"name": "c"}]},
        }
        for number in range(13)
    ]
    assert [str(pod.ip) for pod in planned(values).pods] == [f"10.128.0.{18 + number}" for number in range(13)]
