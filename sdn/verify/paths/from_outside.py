"""From the outside nobody reaches a pod's own address.

The real network has no route to it: what a host sends dies at the gateway. What a neighbour on the real network hands
to the node itself, as if the node were a router to its pods, dies in the node's netfilter.
"""

from __future__ import annotations

from collections.abc import Iterator

from sdn.plan import PodPlan, Space
from sdn.plan.machine import GATEWAY
from sdn.verify import frames
from sdn.verify.places import Filtering, Look, Routing, Tap, enter_node, host_address, leave, leg_towards, wire
from sdn.verify.probe import Item, Leg, NotApplicable, Probe, World

_NODE_RULE = "from outside to a pod"


def probes(world: World) -> Iterator[Item]:
    """The first pod, called by the first host and by the gateway."""
    pod = next(iter(world.plan.pods), None)
    if pod is None:
        yield NotApplicable("from-outside", "from the outside to a pod", "there is no pod")
        return
    if world.hosts:
        yield _host(world, world.hosts[0], pod)
    else:
        yield NotApplicable("from-outside", "from a host outside to a pod", "no external network has a host")
    yield _neighbour(world, pod)


def _host(world: World, host: Space, pod: PodPlan) -> Probe:
    node, address, mark = world.node_of(pod), host_address(host), frames.token()
    leg = leg_towards(world.plan, address)
    frame = frames.echo((host.wires[0].mac, _mac(world.gateway, leg)), address, pod.ip, mark)
    look = Look("echo request", address, pod.ip)
    way_in = list(leave(world.plan, node, host, look, look))[::-1]  # host, the gateway's two legs, the node
    stops = (
        *way_in[:2],
        Routing("gateway", GATEWAY, leg, address, pod.ip),
        *way_in[2:-1],
        *enter_node(node, pod, frame, look),
    )
    title = f"from a host outside to a pod: {host.name} → {pod.key}"
    return Probe("from-outside", title, world.expectation.outside_to_pod(pod.key), (frame,), mark, (Leg(stops),))


def _neighbour(world: World, pod: PodPlan) -> Probe:
    node, mark = world.node_of(pod), frames.token()
    leg = leg_towards(world.plan, node.ip)
    address = next(address.interface.ip for address in world.gateway.addresses if address.device == leg)
    frame = frames.echo((_mac(world.gateway, leg), node.mac), address, pod.ip, mark)
    look = Look("echo request", address, pod.ip)
    stops = (
        Tap("gateway", GATEWAY, leg, look),
        wire(node.ip, look),
        Tap(node.name, node.space, "eth0", look),
        Tap(node.name, node.space, "br-ex", look),
        Filtering(node.name, node.space, _NODE_RULE),
        *enter_node(node, pod, frame, look),
    )
    title = f"from a neighbour of the node to a pod: gateway → {pod.key}"
    verdict = world.expectation.outside_to_pod(pod.key)
    return Probe("from-neighbour", title, verdict, (frame,), mark, (Leg(stops),))


def _mac(space: Space, device: str) -> str:
    return next(wire.mac for wire in space.wires if wire.name == device)
