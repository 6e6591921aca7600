"""The main job: build, look, change, take down."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.net.labs import TOPOLOGIES, RunningLab, running, sdn

pytestmark = pytest.mark.root


@pytest.fixture(scope="module")
def lab():
    with running("two-node.yaml") as lab:
        yield lab


def test_addresses_are_those_of_the_picture(lab: RunningLab) -> None:
    status = lab.json("status")
    assert {pod["name"]: (pod["ip"], pod["node"]) for pod in status["pods"]} == {
        "a": ("10.248.0.2", "node1"),
        "c": ("10.248.0.3", "node1"),
        "b": ("10.248.4.2", "node2"),
        "d": ("10.248.4.3", "node2"),
    }
    assert [(n["ip"], n["subnet"], n["gateway"]) for n in status["nodes"]] == [
        ("10.252.7.20", "10.248.0.0/24", "10.248.0.1"),
        ("10.252.7.21", "10.248.4.0/24", "10.248.4.1"),
    ]
    assert all(node["inForce"] for node in status["nodes"])


@pytest.mark.parametrize("server", ["10.248.0.2", "10.248.0.3", "10.248.4.2", "10.248.4.3"])
@pytest.mark.parametrize("client", ["a", "d", "node/node1", "node/node2"])
def test_every_pod_answers_pods_and_nodes(lab: RunningLab, client: str, server: str) -> None:
    assert lab.http(client, f"http://{server}:8080/")["address"] == server


def test_pods_keep_their_address_inside_and_lose_it_outside(lab: RunningLab) -> None:
    assert lab.http("a", "http://10.248.4.2:8080/")["client"] == "10.248.0.2"
    assert lab.http("d", "http://203.0.113.10/")["client"] == "10.252.7.21"


def test_nobody_outside_reaches_a_pod(lab: RunningLab) -> None:
    done = lab("exec", "host/www", "--", "curl", "-sS", "-m", "1", "http://10.248.0.2:8080/")
    assert done.returncode != 0


def test_the_switch_has_the_ports_of_the_picture(lab: RunningLab) -> None:
    out = lab.ok(
        "exec", "node/node1", "--", "ovs-vsctl", "--columns=name,ofport,type,options", "-f", "json", "list", "Interface"
    )
    rows = {row[0]: row[1:] for row in json.loads(out)["data"]}
    assert rows["vxlan0"][:2] == [1, "vxlan"]
    assert dict(rows["vxlan0"][2][1]) == {"remote_ip": "flow", "key": "flow", "dst_port": "4789"}
    assert rows["tun0"][:2] == [2, "internal"]
    assert lab.ok("exec", "node/node1", "--", "ovs-vsctl", "get-fail-mode", "br0").strip() == "secure"


def test_the_switch_has_exactly_the_rules_it_should(lab: RunningLab) -> None:
    for node in ("node1", "node2"):
        assert lab.json("flows", node, "--diff")["difference"] == []


def test_again_with_the_same_file_changes_nothing(lab: RunningLab) -> None:
    before = lab.processes()
    again = lab.json("up", str(TOPOLOGIES / "two-node.yaml"))
    assert again["changed"] is False
    assert sorted(before) == sorted(lab.processes())


def test_commands_of_the_lab_itself(lab: RunningLab) -> None:
    names = lab.ok("shell", stdin="ip netns list\n")
    assert {"node1", "node2", "default_a", "www", "gateway"} <= {line.split()[0] for line in names.splitlines()}
    assert "br0" in lab.ok("shell", stdin="ip netns exec node1 ovs-vsctl list-br\n")


def test_exec_gives_the_status_of_its_command(lab: RunningLab) -> None:
    assert lab("exec", "a", "--", "sh", "-c", "exit 7").returncode == 7


def test_a_target_that_is_not_there_names_the_nearest(lab: RunningLab) -> None:
    done = lab("exec", "node/node3", "--", "true")
    assert done.returncode == 2
    assert "node1" in done.stderr or "node2" in done.stderr


def test_down_leaves_nothing(tmp_path: Path) -> None:
    with running("two-node.yaml") as lab:
        pids = lab.processes()
        assert len(pids) >= 7
        lab.ok("down")
        assert lab.processes() == []
        assert lab.name not in sdn("labs").stdout


def test_two_labs_side_by_side_do_not_see_each_other() -> None:
    with running("two-node.yaml") as one, running("two-node.yaml") as two:
        one.ok("exec", "node/node1", "--", "ip", "link", "set", "tun0", "down")
        assert two.http("node/node1", "http://10.248.0.2:8080/")["pod"] == "a"
        names = {lab["name"] for lab in json.loads(sdn("labs", "-o", "json").stdout)["labs"]}
        assert {one.name, two.name} <= names
