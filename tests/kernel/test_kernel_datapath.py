"""The two-node lab on the kernel's own datapath."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.net.labs import RunningLab, running, sdn
from tests.support import machine

pytestmark = [pytest.mark.root, pytest.mark.kernel]


@pytest.fixture(scope="module")
def lab() -> Iterator[RunningLab]:
    with running("two-node.yaml", "--datapath", "kernel") as lab:
        yield lab


def test_packets_are_switched_by_the_kernel(lab: RunningLab) -> None:
    assert lab.json("status")["datapath"] == "kernel"
    assert "vxlan_sys_4789" in lab.ok("exec", "node/node1", "--", "ip", "-o", "link")


def test_every_kind_of_path_is_proven(lab: RunningLab) -> None:
    lab.ok("verify")


def test_the_machine_sees_no_datapath_of_the_lab(lab: RunningLab) -> None:
    links = machine.state()["interfaces"]
    assert [link for link in links if "ovs-system" in link or "vxlan_sys" in link] == []


def test_a_switch_that_is_killed_comes_back_with_its_rules(lab: RunningLab) -> None:
    (victim,) = [pid for pid in lab.processes() if _runs(pid, b"ovs-vswitchd", b"nodes/node1/")]
    os.kill(victim, signal.SIGKILL)
    assert lab.http("a", "http://10.248.4.2:8080/", "--retry", "9", "--retry-all-errors")["pod"] == "b"
    assert lab.json("flows", "node1", "--diff")["difference"] == []


def test_a_wrong_topology_is_refused_before_anything_is_built(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("apiVersion: sdn/v1\nkind: Cluster\nmetadata: {name: wrong}\nspec: {nodes: 3}\n")
    assert sdn("up", "--datapath", "kernel", str(wrong)).returncode == 2
    assert sdn("status", "-l", "wrong").returncode == 1


def _runs(pid: int, *words: bytes) -> bool:
    line = Path(f"/proc/{pid}/cmdline").read_bytes()
    return all(word in line for word in words)
