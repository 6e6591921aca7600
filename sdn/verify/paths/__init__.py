"""The kinds of way that are proven, one file each. Each yields what to put in, or why this lab cannot have it."""

from __future__ import annotations

from collections.abc import Iterator

from sdn.verify.paths import across_nodes, from_node, from_outside, hostile, isolation, mtu, outside, same_node
from sdn.verify.paths.http import exchanges
from sdn.verify.probe import Item, World

__all__ = ["exchanges", "probes"]


def probes(world: World) -> Iterator[Item]:
    """Everything that is proven by single packets, in the order in which it is told."""
    for scenario in (same_node, across_nodes, outside, from_node, from_outside, isolation, hostile, mtu):
        yield from scenario.probes(world)
