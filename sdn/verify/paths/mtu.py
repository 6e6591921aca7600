"""The MTU holds: a packet of exactly the MTU passes whole, and the pod's device refuses one byte more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from sdn.plan import PodPlan
from sdn.verify import frames
from sdn.verify.paths import outside, pair
from sdn.verify.probe import Item, NotApplicable, Probe, World


def probes(world: World) -> Iterator[Item]:
    """The largest packet on one node, across nodes, and to the outside."""
    size = world.mtu_bytes
    for same_node, check, where in (
        (True, "mtu-same-node", "on one node"),
        (False, "mtu-across-nodes", "across nodes"),
    ):
        title = f"{size} bytes pass whole, {where}"
        found = world.allowed_pair(same_node)
        if found is None:
            yield NotApplicable(check, title, world.no_pair(same_node))
        else:
            names = f"{found[0].key} → {found[1].key}"
            yield _refusing(world, pair.echo(world, check, f"{title}: {names}", *found, ip_bytes=size), found[0])
    target = outside.chosen(world)
    title = f"{size} bytes pass whole, to the outside"
    if isinstance(target, NotApplicable):
        yield NotApplicable("mtu-outside", title, target.reason)
    else:
        pod, host = target
        names = f"{pod.key} → {host.name}"
        yield _refusing(world, outside.ping(world, "mtu-outside", f"{title}: {names}", pod, host, ip_bytes=size), pod)


def _refusing(world: World, probe: Probe, pod: PodPlan) -> Probe:
    larger = frames.echo((pod.mac, pod.mac), pod.ip, pod.ip, probe.mark, ip_bytes=world.mtu_bytes + 1)
    return replace(probe, too_large=larger)
