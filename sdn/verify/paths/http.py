"""HTTP on one node, across nodes and to the outside, with bodies larger than the MTU in both directions."""

from __future__ import annotations

from collections.abc import Iterator

from sdn.model import Protocol
from sdn.plan import PodPlan, Space
from sdn.plan.switch import TUN_PORT
from sdn.verify import frames
from sdn.verify.exchange import Exchange
from sdn.verify.paths import outside, pair
from sdn.verify.places import Crossing, Look, Stop, host_address, leave, out_of
from sdn.verify.probe import NotApplicable, World

_CLIENT_PORT = 40000  # of the packet that the switches are asked about


def exchanges(world: World) -> Iterator[Exchange | NotApplicable]:
    """One exchange for each of the three ways that this lab has."""
    for same_node, check, where in (
        (True, "http-same-node", "on one node"),
        (False, "http-across-nodes", "across nodes"),
    ):
        found = next(
            (one for one in world.pairs(same_node) if world.verdict(*one).allowed and _port(world, one[1])), None
        )
        if found is None:
            ports = "no pod that may be reached declares a TCP port"
            reason = ports if world.allowed_pair(same_node) else world.no_pair(same_node)
            yield NotApplicable(check, f"HTTP {where}", reason)
        else:
            yield _between(world, check, f"HTTP {where}: {found[0].key} → {found[1].key}", *found)
    target = outside.chosen(world)
    if isinstance(target, NotApplicable):
        yield NotApplicable("http-outside", "HTTP to the outside", target.reason)
    else:
        yield _outside(world, *target)


def _between(world: World, check: str, title: str, source: PodPlan, destination: PodPlan) -> Exchange:
    port = _port(world, destination)
    syn = frames.syn((source.mac, destination.mac), source.ip, destination.ip, (_CLIENT_PORT, port))
    look = Look("TCP", source.ip, destination.ip)
    return Exchange(
        check,
        title,
        world.verdict(source, destination),
        source.space,
        source.ip,
        (destination.ip, port),
        source.ip,
        {"pod": destination.name, "namespace": destination.namespace},
        pair.stops(world, source, destination, syn, look),
        world.mtu_bytes,
    )


def _outside(world: World, pod: PodPlan, host: Space) -> Exchange:
    node, address, port = world.node_of(pod), host_address(host), host.answers[0].port
    syn = frames.syn((pod.mac, node.gateway_mac), pod.ip, address, (_CLIENT_PORT, port))
    look = Look("TCP", pod.ip, address)
    stops: tuple[Stop, ...] = (
        *out_of(node, pod, look),
        Crossing(node.name, pod.ofport, TUN_PORT, syn),
        *leave(world.plan, node, host, look, look),
    )
    return Exchange(
        "http-outside",
        f"HTTP to the outside: {pod.key} → {host.name}",
        world.expectation.pod_to_outside(pod.key),
        pod.space,
        pod.ip,
        (address, port),
        node.ip,
        {"host": host.name},
        stops,
        world.mtu_bytes,
    )


def _port(world: World, pod: PodPlan) -> int:
    """The first TCP port that a pod answers on; 0 if there is none."""
    answers = world.plan.space(pod.space).answers
    return next((answer.port for answer in answers if answer.protocol is Protocol.TCP), 0)
