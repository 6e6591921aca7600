"""Two pods: an echo request and its reply, or an ARP request and its reply, on one node or across."""

from __future__ import annotations

from sdn.plan import PodPlan
from sdn.verify import frames
from sdn.verify.places import Look, Stop, across, within
from sdn.verify.probe import Leg, Probe, World

ESTABLISHED = ("trk,est,rpl",)


def echo(world: World, check: str, title: str, source: PodPlan, destination: PodPlan, ip_bytes: int = 64) -> Probe:
    """`source` pings `destination`; the reply is followed if it may talk at all."""
    mark = frames.token()
    there = frames.echo((source.mac, destination.mac), source.ip, destination.ip, mark, ip_bytes=ip_bytes)
    back = frames.echo((destination.mac, source.mac), destination.ip, source.ip, mark, ip_bytes=ip_bytes, reply=True)
    verdict = world.verdict(source, destination)
    request = Leg(
        stops(world, source, destination, there, Look("echo request", source.ip, destination.ip, frame=there))
    )
    look = Look("echo reply", destination.ip, source.ip)
    reply = Leg(stops(world, destination, source, back, look, ESTABLISHED))
    return Probe(check, title, verdict, (there,), mark, (request, reply) if verdict.allowed else (request,))


def arp(world: World, check: str, title: str, source: PodPlan, destination: PodPlan) -> Probe:
    """`source` asks who has the address of `destination`, and is told. ARP is not kept apart by tenants."""
    mark = frames.token()
    there = frames.who_has(source.mac, source.ip, destination.ip, mark)
    back = frames.is_at((destination.mac, source.mac), destination.ip, source.ip)
    request = Leg(stops(world, source, destination, there, Look("ARP request", source.ip, destination.ip, frame=there)))
    look = Look("ARP reply", destination.ip, source.ip, frame=back)
    reply = Leg(stops(world, destination, source, back, look), marked=False)
    verdict = world.expectation.arp(source.key, destination.key)
    return Probe(check, title, verdict, (there,), mark, (request, reply))


def stops(
    world: World,
    source: PodPlan,
    destination: PodPlan,
    frame: bytes,
    look: Look,
    ct_next: tuple[str, ...] = (),
) -> tuple[Stop, ...]:
    """The way from one pod to another."""
    if source.node == destination.node:
        return within(world.node_of(source), source, destination, frame, look, ct_next)
    return across(world.plan, source, destination, source.vnid, frame, look, ct_next)
