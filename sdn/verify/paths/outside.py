"""To the outside: d.eth0 → veth → br0 → tun0 → masquerade → real network → gateway → host, and back.

The host sees the node's address, never the pod's.
"""

from __future__ import annotations

from collections.abc import Iterator

from sdn.plan import PodPlan, Space
from sdn.plan.switch import TUN_PORT
from sdn.verify import frames
from sdn.verify.paths.pair import ESTABLISHED
from sdn.verify.places import Crossing, Look, Stop, enter_node, host_address, leave, out_of
from sdn.verify.probe import Item, Leg, NotApplicable, Probe, World


def chosen(world: World) -> tuple[PodPlan, Space] | NotApplicable:
    """The last pod and the first host, or why there are none."""
    if not world.plan.pods:
        return NotApplicable("outside", "to the outside", "there is no pod")
    if not world.hosts:
        return NotApplicable("outside", "to the outside", "no external network has a host")
    return world.plan.pods[-1], world.hosts[0]


def probes(world: World) -> Iterator[Item]:
    """A ping from the last pod to the first host beyond the gateway."""
    found = chosen(world)
    if isinstance(found, NotApplicable):
        yield found
        return
    pod, host = found
    yield ping(world, "outside", f"to the outside: {pod.key} → {host.name}", pod, host)


def ping(world: World, check: str, title: str, pod: PodPlan, host: Space, ip_bytes: int = 64) -> Probe:
    """A pod pings a host: the way there, and the reply's way back into the pod."""
    node, address, mark = world.node_of(pod), host_address(host), frames.token()
    there = frames.echo((pod.mac, node.gateway_mac), pod.ip, address, mark, ip_bytes=ip_bytes)
    back = frames.echo((node.gateway_mac, pod.mac), address, pod.ip, mark, ip_bytes=ip_bytes, reply=True)
    as_pod, as_node = (Look("echo request", ip, address) for ip in (pod.ip, node.ip))
    to_node, to_pod = (Look("echo reply", address, ip) for ip in (node.ip, pod.ip))
    request: tuple[Stop, ...] = (
        *out_of(node, pod, as_pod),
        Crossing(node.name, pod.ofport, TUN_PORT, there),
        *leave(world.plan, node, host, as_pod, as_node),
    )
    way_home = tuple(reversed(tuple(leave(world.plan, node, host, to_pod, to_node))))[:-1]
    reply: tuple[Stop, ...] = (*way_home, *enter_node(node, pod, back, to_pod, ESTABLISHED))
    verdict = world.expectation.pod_to_outside(pod.key)
    return Probe(check, title, verdict, (there,), mark, (Leg(request), Leg(reply)))
