"""What dies comes back, what is changed by hand is put right, and nothing forbidden passes meanwhile."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import pytest

from tests.net.labs import MARK, RunningLab, running

pytestmark = pytest.mark.root
STREAM = str(Path(__file__).with_name("stream.py"))
PATIENCE_S = 10.0


@pytest.fixture(scope="module")
def lab():
    with running("two-node.yaml") as lab:
        yield lab


def _processes(lab: RunningLab, *words: str) -> set[int]:
    """The processes of the lab whose command line has all the words."""
    found = set()
    for pid in lab.processes():
        with suppress(OSError):  # it ended meanwhile
            line = Path(f"/proc/{pid}/cmdline").read_bytes().decode().replace("\0", " ")
            if all(word in line for word in words):
                found.add(pid)
    return found


def _process(lab: RunningLab, *words: str) -> int:
    (pid,) = _processes(lab, *words)
    return pid


def _start(lab: RunningLab, pod: str, *words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "sdn.cli", "exec", "-l", lab.name, pod, "--", sys.executable, STREAM, *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, MARK: lab.mark})


def _loss(
    lab: RunningLab, target: str, address: str, disturb: Callable[[], None], seconds: float = 3.0
) -> tuple[int, int]:
    """Packets lost, and the longest run of them (one a millisecond), while something is done to the lab."""
    receiver = _start(lab, target, "receive", "9000", str(seconds + 2.0))
    assert receiver.stdout is not None
    assert receiver.stdout.readline() == "listening\n"
    sender = _start(lab, "a", "send", address, "9000", str(seconds))
    time.sleep(seconds / 4)  # let it flow before it is disturbed: the measure, not a wait for something
    disturb()
    sent = json.loads(sender.communicate(timeout=60)[0])["sent"]
    seen = json.loads(receiver.communicate(timeout=60)[0])["seen"]
    assert seen[0] < sent / 4, "nothing flowed before the fault"
    assert seen[-1] == sent - 1, "the flow did not come back"
    missing = sorted(set(range(seen[0], sent)) - set(seen))
    gaps = [after - before - 1 for before, after in pairwise(seen)]
    return len(missing), max(gaps)


def _until(holds: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, f"not within {PATIENCE_S} s: {what}"
        time.sleep(0.01)


def _events(lab: RunningLab) -> list[str]:
    return [f"{e['place']}: {e['what']}" for e in lab.json("status", "--events")["events"]]


def test_a_killed_switch_comes_back_with_its_rules(
    lab: RunningLab, record_property: Callable[[str, object], None]
) -> None:
    victim = _process(lab, "ovs-vswitchd", "nodes/node1/")
    lost, gap = _loss(lab, "c", "10.248.0.3", lambda: os.kill(victim, signal.SIGKILL))
    record_property("outage_ms", gap)
    print(f"ovs-vswitchd killed: {lost} packets of one a millisecond lost, {gap} ms without one")
    _until(lambda: any("ovs-vswitchd runs again" in event for event in _events(lab)), "the journal says so")
    assert lab.json("flows", "node1", "--diff")["difference"] == []
    assert lab.http("a", "http://10.248.4.2:8080/")["pod"] == "b"


@pytest.mark.parametrize(
    "words", [("ovs-vswitchd", "nodes/node2/"), ("ovsdb-server", "nodes/node2/"), ("sdn.controller",)]
)
def test_what_is_killed_again_while_it_comes_back_comes_back(lab: RunningLab, words: tuple[str, ...]) -> None:
    killed: set[int] = set()
    for _ in range(3):
        _until(lambda: bool(_processes(lab, *words) - killed), "it runs")
        victim = (_processes(lab, *words) - killed).pop()
        os.kill(victim, signal.SIGKILL)
        killed.add(victim)
    _until(lambda: bool(_processes(lab, *words) - killed), "it runs again")
    _until(lambda: lab("status").returncode == 0, "rules in force")
    _until(
        lambda: lab("exec", "b", "--", "curl", "-sf", "-m", "1", "http://10.248.4.3:8080/").returncode == 0, "d answers"
    )


def test_a_killed_controller_costs_no_packet(lab: RunningLab) -> None:
    victim = _process(lab, "sdn.controller")
    lost, _ = _loss(lab, "c", "10.248.0.3", lambda: os.kill(victim, signal.SIGKILL))
    assert lost == 0
    _until(lambda: any("the controller runs again" in event for event in _events(lab)), "the journal says so")
    _until(lambda: lab("status").returncode == 0, "rules in force again")
    _a_rule_is_repaired(lab)


def test_a_killed_database_comes_back(lab: RunningLab, record_property: Callable[[str, object], None]) -> None:
    """ovs-vswitchd forwards nothing on the userspace datapath until it holds the database's lock again."""
    victim = _process(lab, "ovsdb-server", "nodes/node1/")
    lost, gap = _loss(lab, "c", "10.248.0.3", lambda: os.kill(victim, signal.SIGKILL))
    record_property("outage_ms", gap)
    print(f"ovsdb-server killed: {lost} packets of one a millisecond lost, {gap} ms without one")
    _until(lambda: any("ovsdb-server runs again" in event for event in _events(lab)), "the journal says so")


def test_the_process_behind_the_pods_comes_back(lab: RunningLab) -> None:
    os.kill(_process(lab, "sdn.lab.answer"), signal.SIGKILL)
    _until(
        lambda: lab("exec", "a", "--", "curl", "-sf", "-m", "1", "http://10.248.0.3:8080/").returncode == 0, "c answers"
    )


def test_a_rule_deleted_by_hand_is_repaired_and_named(lab: RunningLab) -> None:
    _a_rule_is_repaired(lab)


def _a_rule_is_repaired(lab: RunningLab) -> None:
    known = len(_events(lab))
    lab.ok("exec", "node/node1", "--", "ovs-ofctl", "-O", "OpenFlow14", "del-flows", "br0", "ip,nw_dst=10.248.0.3")
    _until(lambda: lab("flows", "node1", "--diff").returncode == 0, "the switch has its rules")
    _until(lambda: any("10.248.0.3" in event for event in _events(lab)[known:]), "the journal names the rule")


def test_a_rule_added_by_hand_is_taken_away(lab: RunningLab) -> None:
    known = len(_events(lab))
    rule = "table=0,priority=2000,ip,nw_src=10.248.0.2,actions=drop"
    lab.ok("exec", "node/node1", "--", "ovs-ofctl", "-O", "OpenFlow14", "add-flow", "br0", rule)
    _until(lambda: lab("flows", "node1", "--diff").returncode == 0, "the switch has only its rules")
    _until(lambda: any("added" in event for event in _events(lab)[known:]), "the journal says so")
    assert lab.http("a", "http://10.248.0.3:8080/")["pod"] == "c"


def test_a_rule_changed_by_hand_is_put_right(lab: RunningLab) -> None:
    wide = "ip,nw_dst=10.248.0.3,actions=drop"
    lab.ok("exec", "node/node1", "--", "ovs-ofctl", "-O", "OpenFlow14", "mod-flows", "br0", f"table=70,{wide}")
    _until(lambda: lab("flows", "node1", "--diff").returncode == 0, "the switch has its rules")
    assert lab.http("a", "http://10.248.0.3:8080/")["pod"] == "c"
