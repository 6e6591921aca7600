"""Same node: a.eth0 → veth → br0 → veth → c.eth0, and back."""

from __future__ import annotations

from collections.abc import Iterator

from sdn.verify.paths import pair
from sdn.verify.probe import Item, NotApplicable, World


def probes(world: World) -> Iterator[Item]:
    """ARP and a ping between the first two pods of one node that may talk."""
    found = world.allowed_pair(same_node=True)
    if found is None:
        yield NotApplicable("same-node", "on one node", world.no_pair(same_node=True))
        return
    names = f"{found[0].key} → {found[1].key}"
    yield pair.arp(world, "same-node-arp", f"on one node, ARP: {names}", *found)
    yield pair.echo(world, "same-node", f"on one node: {names}", *found)
