"""A real switch has the rules that it shall have, whoever dies, changes his mind or meddles."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from tests.support.openflow import TABLES, ControllerProcess, DummySwitch, Event, missing

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())

Lab = tuple[DummySwitch, ControllerProcess]


def rules(count: int, first: int = 0) -> list[str]:
    return [
        f"cookie={number:#x},table=second,priority=100,ip,nw_dst=10.1.{number >> 8}.{number & 255},"
        f"actions=load:{number:#x}->NXM_NX_REG1[],goto_table:third"
        for number in range(first, first + count)
    ]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    directory = tmp_path_factory.mktemp("switch")
    with ControllerProcess(directory) as controller:
        controller.wait("ready")
        controller.client.tables(TABLES)
        with DummySwitch(directory, bridges=3, controller=controller.listens) as switch:
            connected: set[int] = set()
            while connected != {1, 3}:
                connected.add(controller.wait("connected")["datapath"])
            yield switch, controller


@pytest.fixture
def lab(running: Lab) -> Lab:
    """Two switches, of which the controller knows nothing yet; nothing that has happened before is heard any more."""
    switch, controller = running
    for datapath in (1, 3):
        controller.client.forget(datapath)
    controller.client.status()
    controller.wait("status")
    switch.clear()
    return running


def bring(lab: Lab, lines: Sequence[str], generation: int = 1, datapath: int = 1, name: str = "node1") -> Event:
    lab[1].client.desire(datapath, name, generation, lines)
    return lab[1].wait("in-force", lambda event: event["name"] == name and event["generation"] == generation)


def test_2000_rules_come_into_force_and_only_differences_after_them(lab: Lab) -> None:
    switch, _ = lab
    before = rules(2000)
    first = bring(lab, before)
    assert (first["added"], first["removed"]) == (2000, 0)
    assert switch.flows() == switch.twin(before)
    after = [*before[3:], *rules(2, first=5000), before[0].replace("load:0x0", "load:0x7")]
    with Watching(switch) as watched:
        second = bring(lab, after, generation=2)
    assert (second["added"], second["removed"]) == (3, 2)
    assert sorted(watched) == ["ADDED", "ADDED", "ADDED", "DELETED", "DELETED"]
    assert switch.flows() == switch.twin(after)


class Watching:
    """What a flow monitor beside the controller's sees, event by event."""

    def __init__(self, switch: DummySwitch) -> None:
        self._switch = switch
        self._seen: list[str] = []

    def __enter__(self) -> list[str]:
        self._monitor = self._switch.spawn("ovs-ofctl", "-O", "OpenFlow14", "monitor", "br0", "watch:!initial")
        # what the monitor answers first says that it is there
        self._line()
        return self._seen

    def __exit__(self, *_: object) -> None:
        self._switch.ofctl("add-flow", "br0", "table=99,actions=drop")
        while "table=99" not in (line := self._line()):
            self._seen += [word.removeprefix("event=") for word in line.split() if word.startswith("event=")]
        self._monitor.kill()
        self._monitor.communicate()

    def _line(self) -> str:
        assert self._monitor.stdout is not None
        return self._monitor.stdout.readline()


def test_a_list_that_is_older_is_ignored(lab: Lab) -> None:
    switch, controller = lab
    bring(lab, rules(5), generation=7)
    controller.client.desire(1, "node1", 6, rules(9))
    bring(lab, rules(4), generation=8)
    assert switch.flows() == switch.twin(rules(4))


def test_two_switches_have_nothing_to_do_with_each_other(lab: Lab) -> None:
    switch, controller = lab
    bring(lab, rules(5))
    bring(lab, rules(7), datapath=3, name="node2")
    controller.client.desire(3, "node2", 2, ["table=second,priority=1,nonsense,actions=drop"])
    assert controller.wait("refused")["name"] == "node2"
    switch.ofctl("del-flows", "br2")
    repaired = [controller.wait("drift") for _ in range(7)]
    assert {event["name"] for event in repaired} == {"node2"}
    assert switch.flows("br0") == switch.twin(rules(5))
    assert switch.flows("br2") == switch.twin(rules(7))


@pytest.mark.parametrize(
    "bad",
    [
        "table=second,priority=9,nonsense,actions=drop",
        "table=second,priority=9,ip,actions=group:77",
        "table=second,priority=9,ip,actions=ct(commit,zone=1,nat(src=10.0.0.9-10.0.0.1))",
        rules(1)[0].replace("cookie=0x0", "cookie=0x9"),
    ],
    ids=["unknown field", "no such group", "refused when it is added", "twice"],
)
def test_a_list_with_a_bad_rule_is_refused_whole_and_the_rule_named(lab: Lab, bad: str) -> None:
    switch, controller = lab
    bring(lab, rules(5))
    controller.client.desire(1, "node1", 2, [*rules(9), bad])
    refused = controller.wait("refused")
    assert (refused["generation"], refused["line"]) == (2, bad)
    assert refused["error"]
    assert switch.flows() == switch.twin(rules(5))
    switch.ofctl("del-flows", "br0")
    for _ in range(5):
        controller.wait("drift")
    assert switch.flows() == switch.twin(rules(5))
    bring(lab, rules(6), generation=3)
    assert switch.flows() == switch.twin(rules(6))


def test_a_first_list_that_is_refused_is_followed_by_one_that_is_not(lab: Lab) -> None:
    switch, controller = lab
    controller.client.desire(1, "node1", 1, [*rules(3), "table=second,priority=9,ip,actions=group:77"])
    controller.wait("refused")
    assert switch.flows() == []
    bring(lab, rules(3), generation=2)
    assert switch.flows() == switch.twin(rules(3))


def test_a_fight_is_gone_on_with_and_spoken_of_in_measure(lab: Lab) -> None:
    switch, controller = lab
    bring(lab, rules(3))
    enemy = "\n".join(f"table=second,priority={number},actions=drop" for number in range(1, 1001))
    for _ in range(5):
        switch.ofctl("add-flows", "br0", "-", text=enemy.replace("second", "10"))
    bring(lab, rules(4), generation=2)
    said = [controller.wait("drift")]
    while "more" not in said[-1]:
        said.append(controller.wait("drift"))
    assert len(said) < 100
    switch.ofctl("--strict", "del-flows", "br0", "table=10,priority=100,ip,nw_dst=10.1.0.1")
    controller.wait("drift", lambda event: event["what"] == "removed")
    assert switch.flows() == switch.twin(rules(4))


def test_a_repair_that_the_switch_refuses_is_tried_again(lab: Lab) -> None:
    switch, controller = lab
    switch.ofctl("add-group", "br0", "group_id=7,type=all,bucket=output:1")
    bring(lab, [*rules(2), "cookie=0x0,table=third,priority=1,ip,actions=group:7"])
    switch.ofctl("del-groups", "br0")  # takes the rule with it
    assert controller.wait("drift")["repaired"] is False
    controller.wait("refused")
    switch.ofctl("add-group", "br0", "group_id=7,type=all,bucket=output:1")
    controller.wait("in-force")
    assert len(switch.flows()) == 3


def test_a_switch_that_is_forgotten_is_left_alone(lab: Lab) -> None:
    switch, controller = lab
    bring(lab, rules(3))
    controller.client.forget(1)
    bring(lab, rules(1), datapath=3, name="node2")
    switch.ofctl("del-flows", "br0")
    bring(lab, rules(2), generation=2, datapath=3, name="node2")
    assert switch.flows() == []


def test_status_tells_how_every_switch_stands(lab: Lab) -> None:
    _, controller = lab
    bring(lab, rules(3))
    controller.client.status()
    (one,) = [found for found in controller.wait("status")["switches"] if found["datapath"] == 1]
    assert (one["name"], one["connected"], one["generation"], one["in_force"], one["rules"]) == ("node1", True, 1, 1, 3)


GARBAGE = [
    b"\n",
    b"{\n",
    b"\xff\xfe\x00\n",
    b"[]\n",
    b'{"op": "dance"}\n',
    b'{"op": ["tables"]}\n',
    b'{"op": "tables", "tables": {"a": "b"}}\n',
    b'{"op": "desire"}\n',
    b'{"op": "desire", "datapath": 1, "name": "n", "generation": 1, "lines": [1]}\n',
    b'{"op": "desire", "datapath": "1", "name": "n", "generation": true, "lines": []}\n',
    b'{"op": "forget", "datapath": null}\n',
    b"[" * 100_000 + b"\n",
]


def test_garbage_on_the_control_channel_is_an_error_and_nothing_else(tmp_path: Path) -> None:
    with ControllerProcess(tmp_path) as controller:
        for line in GARBAGE:
            controller.channel.sendall(line)
            assert "control channel" in controller.wait("error")["error"]
        controller.client.status()
        assert controller.wait("status")["switches"] == []


@pytest.mark.parametrize(
    "speak",
    [
        lambda switch: switch.sendall(b"GET / HTTP/1.1\r\n\r\n"),
        lambda switch: switch.sendall(b"\x05\x00\x00\x08\x00\x00\x00\x01" * 3),
        lambda switch: switch.sendall(b"\x01\x00\x00\x08\x00\x00\x00\x01"),
        lambda switch: switch.sendall(bytes(1000)),
    ],
    ids=["http", "hello", "OpenFlow 1.0", "zeros"],
)
def test_who_is_no_switch_harms_nobody(lab: Lab, speak: Callable[[object], None]) -> None:
    switch, controller = lab
    with socket.socket(socket.AF_UNIX) as stranger:
        stranger.connect(str(controller.listens))
        speak(stranger)
        bring(lab, rules(2))
    assert switch.flows() == switch.twin(rules(2))


def test_it_ends_with_its_channel_and_listens_on_no_network(tmp_path: Path) -> None:
    with ControllerProcess(tmp_path) as controller:
        controller.wait("ready")
        controller.client.status()
        controller.wait("status")
        folder = Path(f"/proc/{controller.process.pid}")
        sockets = {link.readlink().name for link in (folder / "fd").iterdir() if link.is_symlink()}
        inodes = {name.removeprefix("socket:[").removesuffix("]") for name in sockets if name.startswith("socket:")}
        networks = [line.split()[9] for name in ("tcp", "tcp6") for line in _lines(folder / "net" / name)]
        assert not inodes & set(networks)
        assert controller.stop() == 0


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines()[1:]


def test_help_says_what_it_is() -> None:
    command = [sys.executable, "-m", "sdn.controller", "--help"]
    assert "--listen" in subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_a_killed_switch_gets_its_rules_back(lab: Lab) -> None:
    switch, controller = lab
    bring(lab, rules(50))
    switch.kill()
    controller.wait("disconnected", lambda event: event["name"] == "node1")
    switch.start()
    controller.wait("in-force")
    assert switch.flows() == switch.twin(rules(50))


def test_a_killed_controller_is_not_missed_for_one_moment(lab: Lab) -> None:
    switch, controller = lab
    wanted = rules(50)
    bring(lab, wanted)
    counts: set[int] = set()
    looking = threading.Event()
    looking.set()

    def look() -> None:
        while looking.is_set():
            counts.add(len(switch.flows()))

    looker = threading.Thread(target=look)
    looker.start()
    try:
        controller.kill()
        controller.start()
        controller.client.tables(TABLES)
        bring(lab, wanted)
    finally:
        looking.clear()
        looker.join()
    assert counts == {50}
    assert switch.flows() == switch.twin(wanted)


def test_what_is_put_in_while_nobody_looks_is_gone_when_the_controller_is_back(lab: Lab) -> None:
    switch, controller = lab
    bring(lab, rules(5))
    controller.kill()
    switch.ofctl("add-flow", "br0", "table=0,priority=9,actions=drop")
    switch.ofctl("--strict", "del-flows", "br0", "table=10,priority=100,ip,nw_dst=10.1.0.3")
    controller.start()
    controller.client.tables(TABLES)
    bring(lab, rules(5))
    assert switch.flows() == switch.twin(rules(5))
