"""Hostile pods and machines: forged addresses, ARP and MACs, VXLAN from a pod, VXLAN from a machine that is no node.

Nothing is delivered, and the rule that dropped it is named; its real counter has risen.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address

from sdn.ovs.database import Datapath
from sdn.ovs.trace import Tunnel
from sdn.plan import NodePlan, PodPlan, Space
from sdn.plan.machine import GATEWAY
from sdn.plan.switch import TUN_PORT, VXLAN_PORT
from sdn.verify import frames
from sdn.verify.paths import pair
from sdn.verify.places import (
    Crossing,
    Look,
    Routing,
    Stop,
    Tap,
    host_address,
    into,
    leg_towards,
    out_of,
    wire,
)
from sdn.verify.probe import Item, Leg, NotApplicable, Probe, World


def probes(world: World) -> Iterator[Item]:
    """The first pod forges, the second of its node (or any other) is the one it forges or wants to reach."""
    pods = world.plan.pods
    if len(pods) < 2:
        yield NotApplicable("hostile", "hostile pods", "there are no two pods")
        return
    villain = pods[0]
    others = sorted(pods[1:], key=lambda pod: pod.node != villain.node)  # its neighbours on the node first
    target, victim = others[0], others[-1]  # whom it calls, and who it says it is
    yield _source(world, villain, target, victim)
    yield _mac(world, villain, target)
    yield _arp(world, villain, target, victim)
    yield from _vxlan(world, villain)
    yield _stranger(world, villain)
    if world.hosts and len(world.plan.nodes) > 1:
        yield _impostor(world, world.hosts[0], villain)
    else:
        yield NotApplicable("hostile-impostor", "hostile host: VXLAN as a node", "needs a host outside and two nodes")


def _forged(
    world: World, check: str, title: str, villain: PodPlan, target: PodPlan, frame: bytes, mark: bytes
) -> Probe:
    look = Look("", villain.ip, target.ip)
    stops = pair.stops(world, villain, target, frame, look)
    verdict = world.expectation.forged(villain.key)
    return Probe(f"hostile-{check}", f"hostile pod: {title}", verdict, (frame,), mark, (Leg(stops),))


def _source(world: World, villain: PodPlan, target: PodPlan, victim: PodPlan) -> Probe:
    mark = frames.token()
    liar = victim.ip if victim is not target else villain.ip + 200
    frame = frames.echo((villain.mac, target.mac), liar, target.ip, mark)
    return _forged(world, "source", f"{villain.key} sends as {liar} to {target.key}", villain, target, frame, mark)


def _mac(world: World, villain: PodPlan, target: PodPlan) -> Probe:
    mark, liar = frames.token(), target.mac
    frame = frames.echo((liar, target.mac), villain.ip, target.ip, mark)
    return _forged(
        world, "mac", f"{villain.key} sends with the MAC {liar} to {target.key}", villain, target, frame, mark
    )


def _arp(world: World, villain: PodPlan, target: PodPlan, victim: PodPlan) -> Probe:
    mark = frames.token()
    liar = victim.ip if victim is not target else villain.ip + 200
    frame = frames.who_has(villain.mac, liar, target.ip, mark)
    return _forged(
        world, "arp", f"{villain.key} tells {target.key} by ARP that it is {liar}", villain, target, frame, mark
    )


def _vxlan(world: World, villain: PodPlan) -> Iterator[Item]:
    """VXLAN from a pod to another node, which would see its own neighbour's address, since the node masquerades."""
    node = world.node_of(villain)
    prey = next((pod for pod in world.plan.pods if pod.node != villain.node), None)
    if prey is None:
        yield _injected(world, "vxlan", "VXLAN", villain, node, None)
        reason = "there is no pod on another node to send it to"
        yield NotApplicable("hostile-vxlan-fragments", "hostile pod: VXLAN in fragments", reason)
        return
    for check, title in (("vxlan", "VXLAN"), ("vxlan-fragments", "VXLAN in fragments")):
        yield _injected(world, check, title, villain, world.node_of(prey), prey)


def _injected(world: World, check: str, title: str, villain: PodPlan, there: NodePlan, prey: PodPlan | None) -> Probe:
    """VXLAN to a node, meant for a pod there; without a prey it has only to get out of the villain's switch."""
    node, mark, target = world.node_of(villain), frames.token(), prey or villain
    inner = frames.echo((villain.mac, target.mac), villain.ip, target.ip, mark, ip_bytes=128)
    packet = ((villain.mac, node.gateway_mac), villain.ip, there.ip, target.vnid, inner, world.vxlan_udp_port)
    whole = frames.vxlan(*packet)
    pieces = frames.vxlan_in_fragments(*packet) if check == "vxlan-fragments" else whole
    # the kernel's conntrack hands on what it has put together, the userspace one the fragments
    met = whole if world.datapath is Datapath.KERNEL else pieces
    stops: tuple[Stop, ...] = (
        *out_of(node, villain, Look("", villain.ip, there.ip)),
        Crossing(node.name, villain.ofport, TUN_PORT, met[0]),
        Tap(node.name, node.space, "tun0"),
    )
    if prey:
        stops += (
            Tap(node.name, node.space, "eth0"),
            Tap(there.name, there.space, "eth0"),
            *into(there, prey, Look("", villain.ip, prey.ip)),
        )
    name = f"hostile pod: {villain.key} sends {title} to {there.name}"
    verdict = world.expectation.forged(villain.key)
    return Probe(f"hostile-{check}", name, verdict, pieces, mark, (Leg(stops),), met=met)


def _stranger(world: World, pod: PodPlan) -> Probe:
    """A machine of the real network that is no node sends VXLAN to a node, for a pod there."""
    node, mark = world.node_of(pod), frames.token()
    leg = leg_towards(world.plan, node.ip)
    mac = next(wire.mac for wire in world.gateway.wires if wire.name == leg)
    address = _free_address(world, leg)
    inner = frames.echo((node.gateway_mac, pod.mac), pod.ip + 1, pod.ip, mark)
    pieces = frames.vxlan((mac, node.mac), address, node.ip, pod.vnid, inner, world.vxlan_udp_port)
    look = Look("", pod.ip, pod.ip)
    stops: tuple[Stop, ...] = (
        Tap("gateway", GATEWAY, leg, look),
        wire(node.ip, look),
        Tap(node.name, node.space, "eth0", look),
        Crossing(node.name, VXLAN_PORT, pod.ofport, inner, came=Tunnel(pod.vnid, node.ip, address)),
        *into(node, pod, look),
    )
    title = f"hostile machine: VXLAN from {address}, which is no node, to {node.name}"
    return Probe("hostile-stranger", title, world.expectation.unknown_node(), pieces, mark, (Leg(stops),))


def _impostor(world: World, host: Space, pod: PodPlan) -> Probe:
    """A host outside writes another node's address on VXLAN; the gateway knows where that address lives."""
    node, mark = world.node_of(pod), frames.token()
    liar = node.peers[0].ip
    far, near = leg_towards(world.plan, host_address(host)), leg_towards(world.plan, node.ip)
    gateway_mac = next(wire.mac for wire in world.gateway.wires if wire.name == far)
    inner = frames.echo((node.gateway_mac, pod.mac), pod.ip + 1, pod.ip, mark)
    pieces = frames.vxlan((host.wires[0].mac, gateway_mac), liar, node.ip, pod.vnid, inner, world.vxlan_udp_port)
    look = Look("", pod.ip, pod.ip)
    stops: tuple[Stop, ...] = (
        Tap(host.name, host.name, "eth0", look),
        Tap("gateway", GATEWAY, far, look),
        Routing("gateway", GATEWAY, far, liar, node.ip),
        Tap("gateway", GATEWAY, near, look),
        wire(node.ip, look),
        Tap(node.name, node.space, "eth0", look),
        *into(node, pod, look),
    )
    title = f"hostile host: {host.name} sends VXLAN as {liar} to {node.name}"
    return Probe("hostile-impostor", title, world.expectation.unknown_node(), pieces, mark, (Leg(stops),))


def _free_address(world: World, leg: str) -> IPv4Address:
    """The highest address of the gateway's network there that nobody has."""
    network = next(address.interface for address in world.gateway.addresses if address.device == leg)
    taken = {node.ip for node in world.plan.nodes} | {network.ip}
    last = network.network.broadcast_address
    return next(last - back for back in range(1, network.network.num_addresses) if last - back not in taken)
