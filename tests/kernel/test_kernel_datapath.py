"""The two-node lab on the kernel's own datapath."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = [pytest.mark.root, pytest.mark.kernel]

SDN = str(Path(sys.prefix, "bin", "sdn"))
LAB = "kernel-test"


def sdn(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([SDN, *arguments], capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def lab() -> Iterator[str]:
    done = sdn("up", "--lab", LAB, "--datapath", "kernel", "topologies/two-node.yaml")
    assert done.returncode == 0, done.stderr
    yield LAB
    down = sdn("down", "--lab", LAB)
    assert down.returncode == 0, down.stderr


def test_packets_are_switched_by_the_kernel(lab: str) -> None:
    links = sdn("exec", "--lab", lab, "node/node1", "--", "ip", "-o", "link")
    assert "vxlan_sys_4789" in links.stdout, links.stdout + links.stderr


def test_every_kind_of_path_is_proven(lab: str) -> None:
    done = sdn("verify", "--lab", lab, "-o", "json")
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_switch_that_is_killed_comes_back_with_its_rules(lab: str) -> None:
    before = sdn("flows", "--lab", lab, "node1").stdout
    killed = sdn("exec", "--lab", lab, "node/node1", "--", "sh", "-c", "kill -9 $(cat $OVS_RUNDIR/ovs-vswitchd.pid)")
    assert killed.returncode == 0, killed.stderr
    assert sdn("verify", "--lab", lab).returncode == 0
    assert sdn("flows", "--lab", lab, "node1").stdout == before


def test_a_wrong_topology_is_refused(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("apiVersion: sdn/v1\nkind: Cluster\nmetadata: {name: wrong}\nspec: {nodes: 3}\n")
    assert sdn("up", "--datapath", "kernel", str(wrong)).returncode == 2
    assert json.loads(sdn("labs", "-o", "json").stdout) == {"labs": []}
