"""Answers of real switches to `ofproto/trace`, recorded in traces/: what is read from them."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from sdn.errors import SwitchError
from sdn.ovs.trace import LOCAL, Output, Trace, Tunnel, parse, trace
from sdn.ovs.unixctl import Unixctl

TRACES = Path(__file__).parent / "traces"
NODE1, NODE2 = IPv4Address("10.252.7.20"), IPv4Address("10.252.7.21")


def read(name: str) -> Trace:
    return parse((TRACES / f"{name}.txt").read_text(), "br0")


def way(traced: Trace) -> list[tuple[str, int, int]]:
    return [(step.bridge, step.table, step.priority) for step in traced.steps]


@pytest.mark.parametrize(
    ("datapath", "tunnel", "beyond"),
    [
        ("userspace", Tunnel(0, NODE2, NODE1), [("br-ex", 0, 0)]),
        ("kernel", Tunnel(0, NODE2), []),  # the kernel's routing chooses the source
    ],
)
def test_a_packet_to_another_node_leaves_by_the_tunnel(
    datapath: str, tunnel: Tunnel, beyond: list[tuple[str, int, int]]
) -> None:
    traced = read(f"3.1-{datapath}-to-node")
    assert traced.outputs == (Output(1, tunnel),)
    assert not traced.dropped
    tables = [table for bridge, table, _ in way(traced) if bridge == "br0"]
    assert tables == [0, 0, 20, 27, 30, 31, 90]
    assert [step for step in way(traced) if step[0] != "br0"] == beyond
    decided = traced.decided
    assert decided is not None
    assert (decided.priority, decided.cookie) == (110, 0x5A000E6196992BFB)
    assert decided.match == "ct_state=+new,ip,nw_dst=10.248.4.0/24"
    assert [str(action) for action in decided.actions] == [
        "ct(commit,zone=65520)",
        "move:NXM_NX_REG0[]->NXM_NX_TUN_ID[0..31]",
        "set_field:10.252.7.21->tun_dst",
        "output:1",
    ]


@pytest.mark.parametrize("datapath", ["userspace", "kernel"])
def test_a_packet_from_another_node_comes_to_the_pod(datapath: str) -> None:
    traced = read(f"3.1-{datapath}-from-node")
    assert traced.outputs == (Output(3),)
    assert [table for _, table, _ in way(traced)] == [0, 0, 10, 30, 31, 70, 80]
    assert len(traced.datapath) == 2  # before and after conntrack


def test_a_forged_packet_is_dropped_by_the_rule_that_says_so() -> None:
    traced = read("3.1-userspace-spoofed")
    assert traced.dropped
    assert traced.outputs == ()
    assert traced.decided is not None
    assert (traced.decided.table, traced.decided.priority, traced.decided.match) == (20, 0, "")


def test_a_table_without_a_rule_is_told_from_one_that_drops() -> None:
    traced = read("3.1-dummy-no-match")
    assert traced.dropped
    assert traced.decided is not None
    assert (traced.decided.table, traced.decided.priority, traced.decided.match) == (40, -1, "No match.")


def test_a_tunnel_whose_neighbour_is_unknown_drops_what_the_rules_let_go() -> None:
    traced = read("3.1-dummy-unknown-neighbour")
    assert [output.port for output in traced.outputs] == [1]
    assert traced.dropped


def test_actions_behind_a_table_that_was_called_belong_to_the_caller() -> None:
    traced = read("3.1-dummy-resubmit")
    caller = next(step for step in traced.steps if step.table == 30)
    assert [str(action) for action in caller.actions] == ["resubmit(,40)", "output:3", "output:99", "output:4"]
    assert {output.port for output in traced.outputs} == {2, 4}  # 3 is where it came from, 99 is not there


def test_each_of_two_tunnels_has_its_own_addresses() -> None:
    traced = read("3.1-dummy-two-tunnels")
    assert [output.port for output in traced.outputs] == [1, 1, 4]
    assert traced.outputs[0].tunnel == Tunnel(0, NODE2, NODE1)
    assert traced.outputs[2].tunnel is None


@pytest.mark.parametrize(
    ("pushed", "tunnel"),
    [
        (
            "set(tunnel(tun_id=0x77,dst=10.252.7.21,ttl=64,tp_dst=4789,flags(df|key))),2",
            Tunnel(0x77, NODE2),
        ),
        (
            "set(tunnel(tun_id=0x77,src=10.252.7.20,dst=10.252.7.21,ttl=64,tp_dst=4789,flags(df|key))),2",
            Tunnel(0x77, NODE2, NODE1),
        ),
    ],
)
def test_the_kernel_datapath_names_the_tunnel_in_its_own_way(pushed: str, tunnel: Tunnel) -> None:
    text = f"""bridge("br0")
-------------
 0. in_port=3, priority 7
    output:1
     -> output to kernel tunnel

Final flow: unchanged
Megaflow: recirc_id=0
Datapath actions: {pushed}"""
    assert parse(text, "br0").outputs == (Output(1, tunnel),)


def test_the_bridges_own_port_has_its_number() -> None:
    text = """bridge("br0")
-------------
 0. priority 0
    LOCAL
Datapath actions: 1"""
    assert parse(text, "br0").outputs == (Output(LOCAL),)


@pytest.mark.parametrize("text", ["", "what?", "Final flow: unchanged"])
def test_what_is_no_trace_is_refused(text: str) -> None:
    with pytest.raises(SwitchError, match="not understood"):
        parse(text, "br0")


class Daemon:
    """A control socket: `serves` is one function for each connection; `turn_over` waits for the next one's end."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.turns = threading.Semaphore(0)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        self._thread = threading.Thread()

    def serves(self, *turns: Callable[[socket.socket], object]) -> Path:
        def run() -> None:
            for turn in turns:
                connection, _ = self._listener.accept()
                with connection:
                    turn(connection)
                self.turns.release()

        self._thread = threading.Thread(target=run, daemon=True)
        self._thread.start()
        return self.path

    def turn_over(self) -> None:
        assert self.turns.acquire(timeout=10)

    def end(self) -> None:
        if self._thread.ident is not None:
            self._thread.join(10)
        self._listener.close()


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    daemon = Daemon(tmp_path / "daemon.ctl")
    yield daemon
    daemon.end()


def answer(connection: socket.socket, **reply: object) -> dict[str, object]:
    request: dict[str, object] = json.loads(connection.recv(1 << 16))
    connection.sendall(json.dumps({"id": request["id"], "result": None, "error": None, **reply}).encode())
    return request


def test_the_frame_and_the_tunnel_are_told_to_the_switch(daemon: Daemon) -> None:
    heard: list[dict[str, object]] = []
    text = (TRACES / "3.1-userspace-from-node.txt").read_text()
    with Unixctl(daemon.serves(lambda connection: heard.append(answer(connection, result=text)))) as control:
        traced = trace(control, "br0", 1, b"\x01\x02", Tunnel(7, NODE2, NODE1), ct_next=("trk,est",))
    daemon.turn_over()
    assert traced.outputs == (Output(3),)
    assert heard[0]["params"] == [
        "br0",
        "in_port=1,tun_id=0x7,tun_src=10.252.7.20,tun_dst=10.252.7.21",
        "--ct-next",
        "trk,est",
        "0102",
    ]


def test_a_refusal_has_the_daemons_own_words(daemon: Daemon) -> None:
    path = daemon.serves(lambda connection: answer(connection, error="br9: unknown bridge\n"))
    with Unixctl(path) as control, pytest.raises(SwitchError, match="br9: unknown bridge"):
        control.command("ofproto/trace", "br9")


def test_an_answer_in_pieces_is_put_together(daemon: Daemon) -> None:
    def in_pieces(connection: socket.socket) -> None:
        number = json.loads(connection.recv(1 << 16))["id"]
        for piece in (b'{"id":%d,"result":"a}' % number, b'b}","err', b'or":null}'):
            connection.sendall(piece)
            if piece != b'or":null}':
                threading.Event().wait(0.02)

    with Unixctl(daemon.serves(in_pieces)) as control:
        assert control.command("version") == "a}b}"


def test_a_daemon_that_was_restarted_is_found_again(daemon: Daemon) -> None:
    path = daemon.serves(
        lambda connection: answer(connection, result="first"), lambda connection: answer(connection, result="second")
    )
    with Unixctl(path) as control:
        assert control.command("version") == "first"
        daemon.turn_over()
        assert control.command("version") == "second"


def test_a_daemon_that_dies_on_the_command_is_an_error(daemon: Daemon) -> None:
    path = daemon.serves(lambda connection: connection.recv(1 << 16) and None)
    with Unixctl(path) as control, pytest.raises(SwitchError, match="closed the connection"):
        control.command("exit")


def test_a_silent_daemon_is_an_error(daemon: Daemon) -> None:
    enough = threading.Event()
    path = daemon.serves(lambda connection: enough.wait(5) and None)
    with Unixctl(path, timeout_s=0.05) as control, pytest.raises(SwitchError, match="timed out"):
        control.command("version")
    enough.set()


def test_no_daemon_is_an_error(tmp_path: Path) -> None:
    with Unixctl(tmp_path / "nobody.ctl") as control, pytest.raises(SwitchError, match=r"nobody\.ctl"):
        control.command("version")
