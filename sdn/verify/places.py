"""The places that a packet passes, from the plan: devices where it is captured, and what decides between them.

pod eth0 ─ node's veth ─ [br0] ─ node's veth ─ pod eth0                                           one node
pod eth0 ─ veth ─ [br0] ─ node eth0 ─ real network ─ node eth0 ─ [br0] ─ veth ─ pod eth0          two nodes
pod eth0 ─ veth ─ [br0] ─ tun0 ─ br-ex ─ node eth0 ─ real network ─ gateway ─ host eth0           to the outside
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from ipaddress import IPv4Address

from sdn.ovs.trace import Tunnel
from sdn.plan import NodePlan, Plan, PodPlan, Role, Space
from sdn.plan.machine import FABRIC, GATEWAY
from sdn.plan.space import wire_name
from sdn.plan.switch import TUN_PORT, VXLAN_PORT
from sdn.verify.packet import Outer

REAL_NETWORK = "real network"


@dataclass(frozen=True)
class Look:
    """What a packet must look like at a place. `frame`, if given, is the innermost frame byte by byte."""

    kind: str
    source: IPv4Address
    destination: IPv4Address
    outer: Outer | None = None
    frame: bytes = b""


@dataclass(frozen=True)
class Tap:
    """A device on which the packet is captured."""

    place: str
    space: str
    device: str
    look: Look | None = None


@dataclass(frozen=True)
class Crossing:
    """A switch: what comes in by `in_port` shall leave by `out_port`. `frame` is what it is asked about."""

    node: str
    in_port: int
    out_port: int
    frame: bytes = b""
    came: Tunnel | None = None
    goes: Tunnel | None = None
    ct_next: tuple[str, ...] = ()
    bridge: str = "br0"


@dataclass(frozen=True)
class Routing:
    """A kernel's routing table, asked for the way to `destination` for what comes in by `device`."""

    place: str
    space: str
    device: str
    source: IPv4Address
    destination: IPv4Address


@dataclass(frozen=True)
class Filtering:
    """A node's netfilter: the rule with this comment stops the packet."""

    place: str
    space: str
    comment: str


Stop = Tap | Crossing | Routing | Filtering


def within(
    node: NodePlan, source: PodPlan, destination: PodPlan, frame: bytes, look: Look, ct_next: tuple[str, ...] = ()
) -> tuple[Stop, ...]:
    """From a pod's eth0 to another's on the same node."""
    return (
        *out_of(node, source, look),
        Crossing(node.name, source.ofport, destination.ofport, frame, ct_next=ct_next),
        *into(node, destination, look),
    )


def across(
    plan: Plan,
    source: PodPlan,
    destination: PodPlan,
    vnid: int,
    frame: bytes,
    look: Look,
    ct_next: tuple[str, ...] = (),
) -> tuple[Stop, ...]:
    """From a pod's eth0 to another's on another node, by VXLAN with the sender's VNID."""
    here, there = plan.node(source.node), plan.node(destination.node)
    return (
        *out_of(here, source, look),
        *overlay(plan, here, there, source.ofport, destination.ofport, vnid, frame, look, ct_next),
        *into(there, destination, look),
    )


def overlay(
    plan: Plan,
    here: NodePlan,
    there: NodePlan,
    in_port: int,
    out_port: int,
    vnid: int,
    frame: bytes,
    look: Look,
    ct_next: tuple[str, ...] = (),
) -> tuple[Stop, ...]:
    """From one br0 to another's; in between stands the outer packet."""
    tunnel = Tunnel(vnid, there.ip, here.ip)
    outer = replace(look, outer=Outer(here.ip, there.ip, vnid))
    return (
        Crossing(here.name, in_port, VXLAN_PORT, frame, goes=tunnel, ct_next=ct_next),
        *between(plan, here, there, outer),
        Crossing(there.name, VXLAN_PORT, out_port, frame, came=tunnel, ct_next=ct_next),
    )


def between(plan: Plan, here: NodePlan, there: NodePlan, look: Look) -> Iterator[Tap]:
    """The real network from one node's eth0 to another's; by the gateway if they are on different ones."""
    yield Tap(here.name, here.space, "eth0", look)
    yield wire(here.ip, look)
    legs = [leg_towards(plan, node.ip) for node in (here, there)]
    if legs[0] != legs[1]:
        yield from (Tap("gateway", GATEWAY, leg, look) for leg in legs)
    yield wire(there.ip, look)
    yield Tap(there.name, there.space, "eth0", look)


def leave(plan: Plan, node: NodePlan, host: Space, inside: Look, outside: Look) -> Iterator[Tap]:
    """From a node's tun0 to a host beyond the gateway: first as the pod sent it, then with the node's address."""
    address = host_address(host)
    yield Tap(node.name, node.space, "tun0", inside)
    yield Tap(node.name, node.space, "br-ex", outside)
    yield Tap(node.name, node.space, "eth0", outside)
    yield wire(node.ip, outside)
    yield Tap("gateway", GATEWAY, leg_towards(plan, node.ip), outside)
    yield Tap("gateway", GATEWAY, leg_towards(plan, address), outside)
    yield Tap(host.name, host.name, "eth0", outside)


def enter_node(
    node: NodePlan, pod: PodPlan, frame: bytes, look: Look, ct_next: tuple[str, ...] = ()
) -> tuple[Stop, ...]:
    """From a node's tun0 to a pod of it."""
    return (
        Tap(node.name, node.space, "tun0", look),
        Crossing(node.name, TUN_PORT, pod.ofport, frame, ct_next=ct_next),
        *into(node, pod, look),
    )


def wire(ip: IPv4Address, look: Look | None = None) -> Tap:
    """The real network's end of the cable of whoever has `ip`."""
    return Tap(REAL_NETWORK, FABRIC, wire_name(ip), look)


def leg_towards(plan: Plan, ip: IPv4Address) -> str:
    """The gateway's device on the network that `ip` is in."""
    addresses = plan.space(GATEWAY).addresses
    return next(address.device for address in addresses if ip in address.interface.network)


def hosts(plan: Plan) -> list[Space]:
    """The machines outside the cluster."""
    return [space for space in plan.spaces if space.role is Role.HOST]


def host_address(host: Space) -> IPv4Address:
    """A host's address on its network."""
    return host.addresses[0].interface.ip


def spaces_of(stops: tuple[Stop, ...]) -> list[str]:
    """The namespaces in which the stops capture."""
    return [stop.space for stop in stops if isinstance(stop, Tap)]


def out_of(node: NodePlan, pod: PodPlan, look: Look) -> tuple[Tap, Tap]:
    """A pod's eth0 and the node's end of its cable."""
    return Tap(pod.key, pod.space, "eth0", look), Tap(node.name, node.space, pod.wire, look)


def into(node: NodePlan, pod: PodPlan, look: Look) -> tuple[Tap, Tap]:
    """The same the other way round."""
    eth0, veth = out_of(node, pod, look)
    return veth, eth0
