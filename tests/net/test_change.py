"""A lab that runs becomes what other files say, and is then what a fresh one would be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.net.labs import TOPOLOGIES, RunningLab, running

pytestmark = pytest.mark.root


def _documents() -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((TOPOLOGIES / "two-node.yaml").read_text()))


def _pod(name: str, node: str, namespace: str = "default") -> dict[str, Any]:
    container = {"name": "web", "image": "web", "ports": [{"containerPort": 8080}]}
    metadata = {"name": name, "namespace": namespace}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata,
        "spec": {"nodeName": node, "containers": [container]},
    }


def _set_mode(documents: list[dict[str, Any]], mode: str) -> list[dict[str, Any]]:
    documents[0]["spec"]["mode"] = mode
    return documents


def _set_port(documents: list[dict[str, Any]], port: int) -> list[dict[str, Any]]:
    documents[1]["spec"]["containers"][0]["ports"][0]["containerPort"] = port
    return documents


def _add_node(documents: list[dict[str, Any]]) -> list[dict[str, Any]]:
    documents[0]["spec"]["nodes"].append({"name": "node3", "ip": "10.252.7.22", "subnet": "10.248.8.0/24"})
    return [*documents, _pod("e", "node3")]


CHANGES = {
    "other ports": lambda: _set_port(_documents(), 9090),
    "a pod more": lambda: [*_documents(), _pod("e", "node1")],
    "a pod less": lambda: _documents()[:-1],
    "a pod moved": lambda: [*_documents()[:-1], _pod("d", "node1")],
    "its address passed on": lambda: [*_documents()[:1], _pod("x", "node1", "shop"), *_documents()[2:]],
    "a node more": lambda: _add_node(_documents()),
    "a node less": lambda: [
        {**_documents()[0], "spec": {**_documents()[0]["spec"], "nodes": _documents()[0]["spec"]["nodes"][:1]}},
        _pod("a", "node1"),
    ],
    "another mode": lambda: _set_mode([*_documents(), _pod("x", "node1", "shop")], "Multitenant"),
    "another mtu": lambda: [{**_documents()[0], "spec": {**_documents()[0]["spec"], "mtu": 1400}}, *_documents()[1:]],
}


@pytest.fixture(scope="module")
def lab():
    with running("two-node.yaml") as lab:
        yield lab


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_and_its_way_back_end_as_a_fresh_lab(lab: RunningLab, change: str, tmp_path: Path) -> None:
    changed, original = tmp_path / "changed.yaml", TOPOLOGIES / "two-node.yaml"
    changed.write_text(yaml.safe_dump_all(CHANGES[change]()))
    for path in (changed, original):
        assert lab.json("up", str(path))["changed"] is True
        _is_as_fresh(lab, path)


def _is_as_fresh(lab: RunningLab, path: Path) -> None:
    status = lab.json("status")
    with running(path) as fresh:
        wanted = fresh.json("status")
        assert status["nodes"] == wanted["nodes"]
        assert status["pods"] == wanted["pods"]
    for node in status["nodes"]:
        assert lab.json("flows", node["name"], "--diff")["difference"] == []
        for pod in status["pods"]:
            port = pod["ports"][0].partition("/")[0]
            assert lab.http(f"node/{node['name']}", f"http://{pod['ip']}:{port}/")["pod"] == pod["name"]


def test_a_wrong_change_changes_nothing(lab: RunningLab, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(yaml.safe_dump_all([*_documents(), _pod("e", "node9")]))
    before = lab.json("status")
    assert lab("up", str(wrong)).returncode == 2
    after = lab.json("status")
    assert before | {"upSeconds": 0} == after | {"upSeconds": 0}


def test_whoever_gets_an_address_gets_nothing_of_its_last_owners_connections(lab: RunningLab, tmp_path: Path) -> None:
    lab.http("d", "http://203.0.113.10/")
    tracked = "dpctl/dump-conntrack"
    assert "10.248.4.3" in lab.ok("exec", "node/node2", "--", "ovs-appctl", tracked)
    path = tmp_path / "changed.yaml"
    path.write_text(yaml.safe_dump_all([*_documents()[:-1], _pod("x", "node2", "shop")]))
    lab.ok("up", str(path))
    assert lab.http("node/node2", "http://10.248.4.3:8080/")["pod"] == "x"
    assert "203.0.113.10" not in lab.ok("exec", "node/node2", "--", "ovs-appctl", tracked)
    kernel = lab.ok("exec", "node/node2", "--", "sh", "-c", "cat /proc/net/nf_conntrack 2>/dev/null || true")
    assert "src=10.248.4.3 dst=203.0.113.10" not in kernel
    lab.ok("up", str(TOPOLOGIES / "two-node.yaml"))


def test_a_change_that_failed_does_not_stand_in_the_way(lab: RunningLab, tmp_path: Path) -> None:
    """The kernel refuses a device: its name is taken by hand."""
    path = tmp_path / "changed.yaml"
    path.write_text(yaml.safe_dump_all([*_documents(), _pod("e", "node1")]))
    taken = "veth0af80004"
    lab.ok("exec", "node/node1", "--", "ip", "link", "add", taken, "type", "veth", "peer", "name", "other")
    failed = lab("up", str(path))
    assert failed.returncode == 1
    assert "Traceback" not in failed.stderr
    lab.ok("exec", "node/node1", "--", "ip", "link", "del", taken)
    for file in (path, TOPOLOGIES / "two-node.yaml"):
        lab.ok("up", str(file))
        _is_as_fresh(lab, file)
