"""From a node: tun0 → br0 → veth → pod.eth0, as the kubelet asks; and by VXLAN to a pod of another node."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address

from sdn.plan import NodePlan, PodPlan
from sdn.plan.switch import TUN_PORT
from sdn.verify import frames
from sdn.verify.paths.pair import ESTABLISHED
from sdn.verify.places import Crossing, Look, Tap, enter_node, into, out_of, overlay
from sdn.verify.probe import Item, Leg, NotApplicable, Probe, World

_NODE_VNID = 0


def probes(world: World) -> Iterator[Item]:
    """The first pod is asked by its own node, and by the first other."""
    pod = next(iter(world.plan.pods), None)
    if pod is None:
        yield NotApplicable("from-node", "from a node to its pod", "there is no pod")
        return
    yield _own(world, world.node_of(pod), pod)
    other = next((node for node in world.plan.nodes if node.name != pod.node), None)
    if other is None:
        yield NotApplicable("from-other-node", "from a node to another's pod", "there is only one node")
    else:
        yield _other(world, other, pod)


def _own(world: World, node: NodePlan, pod: PodPlan) -> Probe:
    mark = frames.token()
    there, back = _frames(node, pod, mark)
    request, reply = _looks(node.gateway, pod, there)
    ways = (
        Leg(enter_node(node, pod, there, request)),
        Leg(
            (
                *out_of(node, pod, reply),
                Crossing(node.name, pod.ofport, TUN_PORT, back, ct_next=ESTABLISHED),
                Tap(node.name, node.space, "tun0", reply),
            )
        ),
    )
    title = f"from a node to its pod: {node.name} → {pod.key}"
    verdict = world.expectation.node_to_pod(node.name, pod.key)
    return Probe("from-node", title, verdict, (there,), mark, ways)


def _other(world: World, node: NodePlan, pod: PodPlan) -> Probe:
    mark, home = frames.token(), world.node_of(pod)
    there, back = _frames(node, pod, mark)
    request, reply = _looks(node.gateway, pod, there)
    tun0 = Tap(node.name, node.space, "tun0")
    ways = (
        Leg(
            (
                tun0,
                *overlay(world.plan, node, home, TUN_PORT, pod.ofport, _NODE_VNID, there, request),
                *into(home, pod, request),
            )
        ),
        Leg(
            (
                *out_of(home, pod, reply),
                *overlay(world.plan, home, node, pod.ofport, TUN_PORT, pod.vnid, back, reply, ESTABLISHED),
                Tap(node.name, node.space, "tun0", reply),
            )
        ),
    )
    title = f"from a node to another's pod: {node.name} → {pod.key}"
    verdict = world.expectation.node_to_pod(node.name, pod.key)
    return Probe("from-other-node", title, verdict, (there,), mark, ways)


def _frames(node: NodePlan, pod: PodPlan, mark: bytes) -> tuple[bytes, bytes]:
    there = frames.echo((node.gateway_mac, pod.mac), node.gateway, pod.ip, mark)
    return there, frames.echo((pod.mac, node.gateway_mac), pod.ip, node.gateway, mark, reply=True)


def _looks(gateway: IPv4Address, pod: PodPlan, there: bytes) -> tuple[Look, Look]:
    return Look("echo request", gateway, pod.ip, frame=there), Look("echo reply", pod.ip, gateway)
