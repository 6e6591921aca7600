"""NetworkPolicy mode with Open vSwitch's own conntrack and real frames: what an open connection lets through.

Three policies stand in for those of users: nobody may reach `shop`; `bank` may reach nobody; and `default` may not
reach `bank`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from scapy.layers.inet import ICMP, IP, TCP, UDP, fragment
from scapy.layers.l2 import ARP, Ether
from scapy.packet import Packet, Raw

from sdn.model import Mode
from sdn.plan import PodPlan

from .bridges import Bridge, Bridges, plan_of

OUTSIDE, ROUTER = "203.0.113.10", "10.252.7.1"
TUN, VXLAN = 2, 1
POLICIES = """\
table=80,priority=60,ip,reg1={shop},actions=drop
table=27,priority=60,ip,reg0={bank},actions=drop
table=80,priority=60,ip,reg0={default},reg1={bank},actions=drop
"""


class Net:
    """Puts frames in and says by which ports they left."""

    def __init__(self, bridge: Bridge) -> None:
        self.bridge = bridge
        self.router, self.cart, self.prices, self.teller = bridge.node.pods

    def send(self, port: int, *packets: Packet) -> list[int]:
        """The ports by which the packets left, in order of their numbers.

        ARP for the pod `prices`, which no test sends anything else, goes behind them by the same port: when it has
        left, they have been dealt with.
        """
        switch, name = self.bridge.switch, self.bridge.name
        before = switch.sent(name)
        for packet in (*packets, self._mark(port)):
            switch.put_in(name, port, bytes(packet))
        deadline = time.monotonic() + 10
        while (now := switch.sent(name))[self.prices.ofport] == before[self.prices.ofport]:
            assert time.monotonic() < deadline, "the frame behind the packets did not arrive"
        left = {number: now[number] - before[number] for number in now if number != self.prices.ofport}
        return [number for number in sorted(left) for _ in range(left[number])]

    def _mark(self, port: int) -> Packet:
        node = self.bridge.node
        senders = {pod.ofport: (pod.mac, pod.ip) for pod in node.pods} | {TUN: (node.gateway_mac, node.gateway)}
        mac, ip = senders[port]
        return Ether(src=mac) / ARP(hwsrc=mac, psrc=str(ip), pdst=str(self.prices.ip))


def of(pod: PodPlan, to: object) -> Packet:
    return Ether(src=pod.mac, dst="0a:58:00:00:00:01") / IP(src=str(pod.ip), dst=str(to))


def by_tun(source: object, to: object) -> Packet:
    return Ether(src="0a:58:00:00:00:01", dst="0a:58:00:00:00:02") / IP(src=str(source), dst=str(to))


@pytest.fixture
def net(bridges: Bridges) -> Iterator[Net]:
    vnids = {tenant.name: tenant.vnid for tenant in plan_of("multitenant", Mode.NETWORK_POLICY).nodes[0].tenants}
    bridge = bridges.fresh("multitenant", "node1", Mode.NETWORK_POLICY, POLICIES.format(**vnids))
    bridge.switch.control.command("dpctl/flush-conntrack")
    yield Net(bridge)
    bridge.switch.run("ovs-vsctl", f"--db=unix:{bridge.switch.directory}/db.sock", "del-br", bridge.name)


def test_what_a_closed_pod_asked_for_comes_back(net: Net) -> None:
    cart = net.cart
    answer = by_tun(OUTSIDE, cart.ip) / TCP(sport=80, dport=4000, flags="SA", seq=9, ack=2)
    assert net.send(TUN, answer) == []
    assert net.send(cart.ofport, of(cart, OUTSIDE) / TCP(sport=4000, dport=80, flags="S", seq=1)) == [TUN]
    assert net.send(TUN, answer) == [cart.ofport]
    assert net.send(TUN, by_tun(OUTSIDE, cart.ip) / TCP(sport=81, dport=4000, flags="SA", seq=9, ack=2)) == []


def test_a_connection_that_was_refused_stays_refused(net: Net) -> None:
    """Asking in vain opens no door, neither for more of the same nor for an answer."""
    router, teller = net.router, net.teller
    for _ in range(4):
        assert net.send(router.ofport, of(router, teller.ip) / UDP(sport=5000, dport=53) / Raw(b"x")) == []
    assert net.send(teller.ofport, of(teller, router.ip) / UDP(sport=53, dport=5000) / Raw(b"x")) == []


def test_one_that_may_send_to_nobody_answers(net: Net) -> None:
    cart, teller = net.cart, net.teller
    ask = of(cart, teller.ip) / TCP(sport=4000, dport=80, flags="S", seq=1)
    answer = of(teller, cart.ip) / TCP(sport=80, dport=4000, flags="SA", seq=9, ack=2)
    assert net.send(teller.ofport, answer) == []
    assert net.send(cart.ofport, ask) == [teller.ofport]
    assert net.send(teller.ofport, answer) == [cart.ofport]
    assert net.send(teller.ofport, of(teller, OUTSIDE) / TCP(sport=80, dport=4000, flags="S")) == []


def test_the_node_reaches_its_pods_and_they_answer(net: Net) -> None:
    gateway = net.bridge.node.gateway
    for pod in (net.cart, net.teller):
        ask = by_tun(gateway, pod.ip) / TCP(sport=4000, dport=80, flags="S", seq=1)
        assert net.send(TUN, ask) == [pod.ofport]
        assert net.send(pod.ofport, of(pod, gateway) / TCP(sport=80, dport=4000, flags="SA", seq=9, ack=2)) == [TUN]
    assert net.send(net.teller.ofport, of(net.teller, gateway) / TCP(sport=5, dport=6, flags="S")) == []


def test_across_nodes_the_answer_is_expected(net: Net) -> None:
    far = net.bridge.plan.node("node2").pods[0]
    assert net.send(net.cart.ofport, of(net.cart, far.ip) / UDP(sport=7, dport=8)) == [VXLAN]
    table = net.bridge.switch.control.command("dpctl/dump-conntrack")
    assert f"src={net.cart.ip},dst={far.ip},sport=7,dport=8" in table
    assert f"zone={65520}" in table


def test_an_icmp_error_of_ones_own_packet_arrives(net: Net) -> None:
    cart = net.cart
    asked = IP(src=str(cart.ip), dst=OUTSIDE) / UDP(sport=4000, dport=33434) / Raw(b"x" * 8)
    error = by_tun(ROUTER, cart.ip) / ICMP(type=3, code=3) / IP(bytes(asked))
    assert net.send(TUN, error) == []
    assert net.send(cart.ofport, of(cart, OUTSIDE) / asked[UDP]) == [TUN]
    assert net.send(TUN, error) == [cart.ofport]


def test_vxlan_in_fragments_does_not_leave(net: Net) -> None:
    peer = net.bridge.node.peers[0]
    inner = UDP(sport=4000, dport=net.bridge.node.vxlan_udp_port) / Raw(b"v" * 2000)
    assert net.send(net.router.ofport, *fragment(of(net.router, peer.ip) / inner, 1400)) == []
    assert net.send(net.router.ofport, of(net.router, peer.ip) / UDP(sport=4000, dport=53)) == [TUN]


def test_fragments_pass_between_pods(net: Net) -> None:
    frames = fragment(of(net.cart, net.teller.ip) / UDP(sport=4000, dport=53) / Raw(b"x" * 2000), 1400)
    assert net.send(net.cart.ofport, *frames) == [net.teller.ofport] * len(frames)
