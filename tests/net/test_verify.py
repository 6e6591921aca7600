"""`sdn verify` holds on every topology, and fails, with the place and the rule, on what was broken by hand."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.net.labs import TOPOLOGIES, RunningLab, running

pytestmark = pytest.mark.root

Checks = dict[str, dict[str, Any]]

# What ethtool -K DEVICE tx on|off does: ETHTOOL_STXCSUM by ioctl SIOCETHTOOL.
_OFFLOAD = """
import ctypes, fcntl, socket, struct, sys
value = ctypes.create_string_buffer(struct.pack("II", 0x17, int(sys.argv[1])))
request = struct.pack("16sP16x", b"eth0", ctypes.addressof(value))
fcntl.ioctl(socket.socket(socket.AF_INET, socket.SOCK_DGRAM), 0x8946, request)
"""


def verify(lab: RunningLab) -> tuple[int, Checks]:
    done = lab("verify", "-o", "json")
    assert done.returncode in (0, 1), done.stderr
    return done.returncode, {check["id"]: check for check in json.loads(done.stdout)["checks"]}


def failures(lab: RunningLab) -> Checks:
    status, checks = verify(lab)
    failed = {name: check for name, check in checks.items() if not check["ok"]}
    assert bool(failed) == (status == 1)
    return failed


@pytest.mark.parametrize("topology", sorted(path.name for path in TOPOLOGIES.glob("*.yaml")))
def test_every_topology_is_proven(topology: str) -> None:
    with running(topology) as lab:
        status, checks = verify(lab)
    assert status == 0, [check["note"] for check in checks.values() if not check["ok"]]
    proven = {name for name, check in checks.items() if check["status"] == "holds"}
    missing = {name: check["note"] for name, check in checks.items() if check["status"] == "not applicable"}
    assert all(missing.values())
    assert {"same-node", "outside", "from-outside", "hostile-source", "http-same-node", "http-outside"} <= proven
    assert ("across-nodes" in proven) == (topology != "single-node.yaml")
    kept_apart = {"isolation-other-on-one-node", "isolation-other-across-nodes", "isolation-from-default-across-nodes"}
    assert kept_apart <= proven if topology == "multitenant.yaml" else "isolation" in missing


@pytest.fixture(scope="module")
def lab() -> Iterator[RunningLab]:
    with running("two-node.yaml") as lab:
        yield lab


def hop(check: dict[str, Any], place: str, device: str) -> dict[str, Any]:
    return next(hop for hop in check["hops"] if (hop["place"], hop["device"]) == (place, device))


def test_hops_tell_what_passed_and_which_rule_decided(lab: RunningLab) -> None:
    _, checks = verify(lab)
    across = checks["across-nodes"]
    outer = "VXLAN 10.252.7.20 → 10.252.7.21 VNID 0x0: 10.248.0.2 → 10.248.4.2 echo request"
    assert hop(across, "real network", "veth0afc0714")["summary"] == outer
    rules = hop(across, "node1", "br0")["rules"]
    assert [rule["table"] for rule in rules[1:]] == [
        "classify",
        "from_pod",
        "policy_egress",
        "connection",
        "route",
        "to_node",
    ]
    assert rules[-1]["origin"].startswith("flows/90-to-node.flows:")
    assert rules[-1]["object"] == "HostSubnet node2"
    assert hop(checks["outside"], "www", "eth0")["summary"] == "10.252.7.21 → 203.0.113.10 echo request"
    assert "Network is unreachable" in hop(checks["from-outside"], "gateway", "routing")["summary"]


def test_every_drop_is_counted_by_the_rule_that_is_named(lab: RunningLab) -> None:
    _, checks = verify(lab)
    hostile = {name: check for name, check in checks.items() if name.startswith("hostile-")}
    assert hostile.pop("hostile-impostor")["hops"][2]["place"].startswith(
        "gateway"
    )  # the kernel's routing counts nothing
    assert len(hostile) >= 5
    for name, check in hostile.items():
        (end,) = [hop for hop in check["hops"] if hop["dropped"]]
        table = "from_vxlan" if name == "hostile-stranger" else "from_pod"
        assert end["rules"][-1]["table"] == table
        assert end["rules"][-1]["packets"] >= 1


def test_text_and_junit_tell_the_same(lab: RunningLab) -> None:
    text = lab.ok("verify", "-v")
    assert "checks hold" in text
    assert "flows/20-from-pod.flows" in text
    suite = ElementTree.fromstring(lab.ok("verify", "-o", "junit"))
    assert (suite.get("failures"), suite.get("skipped")) == ("0", "1")
    assert len(suite.findall("testcase")) == int(suite.get("tests", "0"))


@contextmanager
def nobody_repairs(lab: RunningLab) -> Iterator[None]:
    """The controller sleeps; afterwards every rule is in force again."""
    (controller,) = [pid for pid in lab.processes() if b"sdn.controller" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    os.kill(controller, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(controller, signal.SIGCONT)
        deadline = time.monotonic() + 40
        while lab("flows", "node1", "--diff").returncode != 0:
            assert time.monotonic() < deadline, "the rules did not come back"


def ofctl(lab: RunningLab, *words: str) -> None:
    lab.ok("exec", "node/node1", "--", "ovs-ofctl", "-O", "OpenFlow14", words[0], "br0", *words[1:])


def test_a_rule_that_is_gone(lab: RunningLab) -> None:
    with nobody_repairs(lab):
        ofctl(lab, "del-flows", "table=90,ip,nw_dst=10.248.4.0/24")
        failed = failures(lab)
    assert {"across-nodes", "mtu-across-nodes", "http-across-nodes"} <= failed.keys()
    assert "same-node" not in failed
    check = failed["across-nodes"]
    assert (check["expected"], check["predicted"], check["observed"]) == ("allow", "deny", "deny")
    assert "node1 br0: dropped by to_node any → drop (flows/90-to-node.flows" in check["note"]
    assert "none came to node1 eth0" in failed["http-across-nodes"]["note"]


def test_a_wrong_vnid(lab: RunningLab) -> None:
    with nobody_repairs(lab):
        ofctl(lab, "mod-flows", "table=20,in_port=3,ip,actions=load:0x5->NXM_NX_REG0[],goto_table:30")
        failed = failures(lab)
    check = failed["across-nodes"]
    assert check["observed"] == "allow"
    assert "VNID 0x5 instead of" in check["note"]
    assert "VNID 0x5" in hop(check, "real network", "veth0afc0714")["summary"]


def test_a_pod_that_may_forge(lab: RunningLab) -> None:
    with nobody_repairs(lab):
        ofctl(lab, "add-flow", "table=20,priority=1000,in_port=3,ip,actions=goto_table:30")
        failed = failures(lab)
    assert {"hostile-source", "hostile-mac"} <= failed.keys()
    check = failed["hostile-source"]
    assert (check["expected"], check["predicted"], check["observed"]) == ("deny", "allow", "allow")
    assert "nothing drops it" in check["note"]
    assert "default/c eth0" in check["note"]


def _until_small_packets_pass(lab: RunningLab) -> None:
    deadline = time.monotonic() + 40
    in_a_row = 0
    while in_a_row < 3:
        passed = lab("exec", "node/node2", "--", "curl", "-sf", "-m", "1", "http://10.248.0.2:8080/").returncode == 0
        in_a_row = in_a_row + 1 if passed else 0
        assert time.monotonic() < deadline, "small packets do not pass"


def test_what_the_switch_does_not_know_of_is_seen_by_packets_alone(lab: RunningLab) -> None:
    lab.ok("exec", "node/node1", "--", "ip", "link", "set", "eth0", "mtu", "1400")
    _until_small_packets_pass(lab)  # the switch reads all routes anew when a link changes
    failed = failures(lab)
    lab.ok("exec", "node/node1", "--", "ip", "link", "set", "eth0", "mtu", "1500")
    assert failed.keys() == {"mtu-across-nodes", "http-across-nodes"}
    check = failed["mtu-across-nodes"]
    assert (check["predicted"], check["observed"]) == ("allow", "deny")
    assert "not seen at node1 eth0; the last to have it was node1 br0" in check["note"]
    assert "not at node1 eth0" in failed["http-across-nodes"]["note"]


def test_a_pod_with_too_large_an_mtu(lab: RunningLab) -> None:
    lab.ok("exec", "a", "--", "ip", "link", "set", "eth0", "mtu", "9000")
    failed = failures(lab)
    lab.ok("exec", "a", "--", "ip", "link", "set", "eth0", "mtu", "1450")
    assert "default/a eth0 took a frame larger than its MTU" in failed["mtu-same-node"]["note"]


def test_an_offload_that_leaves_checksums_open(lab: RunningLab) -> None:
    lab.ok("exec", "a", "--", sys.executable, "-c", _OFFLOAD, "1")
    failed = failures(lab)
    lab.ok("exec", "a", "--", sys.executable, "-c", _OFFLOAD, "0")
    assert failed.keys() == {"http-same-node", "http-across-nodes"}  # ping does not notice
    assert "TCP checksums are wrong at node1 veth0af80003" in failed["http-same-node"]["note"]


def test_a_node_that_does_not_masquerade(lab: RunningLab) -> None:
    rule = "ip saddr @cluster ip daddr != @cluster counter masquerade"
    lab.ok("exec", "node/node2", "--", "nft", "flush", "chain", "ip", "sdn", "postrouting")
    failed = failures(lab)
    lab.ok("exec", "node/node2", "--", "nft", "add", "rule", "ip", "sdn", "postrouting", rule)
    assert "node2 br-ex: 10.248.4.3 → 203.0.113.10 instead of 10.252.7.21" in failed["outside"]["note"]
    assert {"outside", "mtu-outside", "http-outside"} == failed.keys()


def test_a_node_that_lets_its_neighbours_in(lab: RunningLab) -> None:
    lab.ok("exec", "node/node1", "--", "nft", "insert", "rule", "ip", "sdn", "forward", "counter", "accept")
    failed = failures(lab)
    handle = next(
        line.rsplit(" ", 1)[1]
        for line in lab.ok(
            "exec", "node/node1", "--", "nft", "-a", "list", "chain", "ip", "sdn", "forward"
        ).splitlines()
        if "accept # handle" in line and "state" not in line and "saddr" not in line
    )
    lab.ok("exec", "node/node1", "--", "nft", "delete", "rule", "ip", "sdn", "forward", "handle", handle)
    assert failed.keys() == {"from-neighbour"}
    assert "counted 0 packets" in failed["from-neighbour"]["note"]
    assert failures(lab) == {}
