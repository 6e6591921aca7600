"""Across nodes: a.eth0 → veth → br0 → vxlan0 → real network → vxlan0 → br0 → veth → b.eth0, and back.

On the real network the packet is UDP between the nodes' addresses with the sender's VNID, and the frame in it is the
pod's, byte by byte.
"""

from __future__ import annotations

from collections.abc import Iterator

from sdn.verify.paths import pair
from sdn.verify.probe import Item, NotApplicable, World


def probes(world: World) -> Iterator[Item]:
    """ARP and a ping between the first two pods of different nodes that may talk."""
    found = world.allowed_pair(same_node=False)
    if found is None:
        yield NotApplicable("across-nodes", "across nodes", world.no_pair(same_node=False))
        return
    names = f"{found[0].key} → {found[1].key}"
    yield pair.arp(world, "across-nodes-arp", f"across nodes, ARP: {names}", *found)
    yield pair.echo(world, "across-nodes", f"across nodes: {names}", *found)
