"""Bringing the kernel's side of a lab from what it is to what the plan says: namespaces, wires, addresses, filters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from ipaddress import IPv4Address
from typing import TYPE_CHECKING

from sdn.host.process import load_filter
from sdn.host.space import Spaces
from sdn.plan import Space

if TYPE_CHECKING:
    from sdn.host.link import Links


class SpaceKeeper:
    """What namespaces there are. A change removes, makes, wires, and finishes once switches have their devices."""

    def __init__(self, spaces: Spaces, software_checksums: bool) -> None:
        self.actual: dict[str, Space] = {}
        self.spaces = spaces
        self._software_checksums = software_checksums

    @cached_property
    def _links(self) -> Links:
        """Imported when it is first needed, which is while the switches start: pyroute2 takes 0.2 s."""
        from sdn.host.link import Links

        return Links(self.spaces)

    def remove(self, names: Iterable[str]) -> None:
        """The namespaces are gone, and with them every wire that ended in one.

        Wires are cut one by one where their other end stays: the kernel ends a namespace some time later, and until
        then their names would be taken.
        """
        gone = set(names)
        for name in gone:
            self._links.cut(wire for wire in self.actual[name].wires if wire.far_space not in gone)
        for name in gone:
            self._links.forget(name)
            self.spaces.remove(name)
            del self.actual[name]

    def make(self, wanted: Iterable[Space]) -> None:
        """The namespaces exist, empty."""
        for space in wanted:
            self.spaces.make(space.name, space.sysctls)
            self.actual[space.name] = structure(space)

    def wire(self, space: Space) -> None:
        """The namespace has its devices, and addresses on those that are its own."""
        self._links.make(space, self._software_checksums)

    def finish(self, space: Space) -> None:
        """A node has its addresses and routes on the devices that its switch made."""
        devices = {address.device for address in space.addresses} - {wire.name for wire in space.wires}
        self._links.address(space, devices)
        if self._software_checksums:
            self._links.software_checksums(space.name, devices)

    def forget_connections(self, name: str, ip: IPv4Address) -> None:
        """The namespace's kernel tracks no connection of that address any more."""
        from sdn.host.conntrack import forget

        with self.spaces.inside(name):
            forget(ip)

    def filter(self, space: Space) -> None:
        """The namespace's netfilter rules stand. May be called from any thread."""
        if space.filter:
            load_filter(self.spaces, space.name, space.filter)


def structure(space: Space) -> Space:
    """What a namespace is made of: all but its answers, which can change while it stands."""
    return replace(space, answers=())


def fallen(removed: Iterable[str], actual: Mapping[str, Space]) -> set[str]:
    """The namespaces that go with those removed, since a wire of theirs ends there; those removed included."""
    gone = set(removed)
    while True:
        more = {name for name, space in actual.items() if any(wire.far_space in gone for wire in space.wires)} - gone
        if not more:
            return gone
        gone |= more
