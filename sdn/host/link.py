"""Links, addresses and routes, by netlink: one kept socket for each namespace."""

from __future__ import annotations

import array
import fcntl
import socket
import struct
from collections.abc import Collection

from pyroute2 import IPRoute

from sdn.host.space import Spaces
from sdn.plan import Address, Route, Space, Wire

_IFA_F_NOPREFIXROUTE = 0x200
_SCOPE_LINK = 253
_SIOCETHTOOL = 0x8946
_ETHTOOL_STXCSUM = 0x17


class Links:
    """What is in the namespaces of one lab. To be used by one thread at a time."""

    def __init__(self, spaces: Spaces) -> None:
        self._spaces = spaces
        self._sockets: dict[str, IPRoute] = {}
        self._indexes: dict[tuple[str, str], int] = {}

    def _netlink(self, space: str) -> IPRoute:
        if space not in self._sockets:
            with self._spaces.inside(space):
                self._sockets[space] = IPRoute()
        return self._sockets[space]

    def forget(self, space: str) -> None:
        """Close what is kept open of a namespace: each socket costs four file descriptors."""
        if space in self._sockets:
            self._sockets.pop(space).close()
        self._indexes = {key: index for key, index in self._indexes.items() if key[0] != space}

    def _index(self, space: str, device: str) -> int:
        key = (space, device)
        if key not in self._indexes:
            self._indexes[key] = self._netlink(space).link_lookup(ifname=device)[0]
        return self._indexes[key]

    def make(self, space: Space, software_checksums: bool) -> None:
        """The namespace has its loopback, bridges and wires; every device is up.

        With `software_checksums` its devices leave no checksum to the receiver: Open vSwitch's userspace datapath
        would pass such packets on as they are.
        """
        netlink = self._netlink(space.name)
        netlink.link("set", index=1, state="up")
        for bridge in space.bridges:
            netlink.link("add", ifname=bridge, kind="bridge", state="up")
        for wire in space.wires:
            self._wire(space.name, wire)
        if software_checksums:
            self.software_checksums(space.name, [wire.name for wire in space.wires])

    def _wire(self, space: str, wire: Wire) -> None:
        far = {"ifname": wire.far_name, "mtu": wire.mtu, "net_ns_fd": self._spaces.fd(wire.far_space)}
        self._netlink(space).link(
            "add", ifname=wire.name, kind="veth", address=str(wire.mac), mtu=wire.mtu, state="up", peer=far
        )
        netlink = self._netlink(wire.far_space)
        master = {"master": self._index(wire.far_space, wire.far_bridge)} if wire.far_bridge else {}
        netlink.link("set", index=self._index(wire.far_space, wire.far_name), state="up", **master)

    def address(self, space: Space, devices: Collection[str]) -> None:
        """The named devices of the namespace are up and have their addresses and routes."""
        netlink = self._netlink(space.name)
        switch_made = set(devices) - {wire.name for wire in space.wires}
        for device in switch_made:
            netlink.link("set", index=self._index(space.name, device), state="up")
        for address in space.addresses:
            if address.device in devices:
                self._address(space.name, address)
        for route in space.routes:
            if route.device in devices:
                self._route(space.name, route)

    def _address(self, space: str, address: Address) -> None:
        self._netlink(space).addr(
            "add",
            index=self._index(space, address.device),
            address=str(address.interface.ip),
            prefixlen=address.interface.network.prefixlen,
            broadcast=str(address.interface.network.broadcast_address),
            flags=0 if address.connected else _IFA_F_NOPREFIXROUTE,
        )

    def _route(self, space: str, route: Route) -> None:
        way: dict[str, object] = {"oif": self._index(space, route.device)}
        if route.gateway is None:
            way["scope"] = _SCOPE_LINK
        else:
            way["gateway"] = str(route.gateway)
        self._netlink(space).route("add", dst=str(route.destination), **way)

    def software_checksums(self, space: str, devices: Collection[str]) -> None:
        """The devices compute every checksum themselves (`ethtool -K DEVICE tx off`)."""
        with self._spaces.inside(space), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            for device in devices:
                command = array.array("B", struct.pack("II", _ETHTOOL_STXCSUM, 0))
                request = struct.pack("16sP8x", device.encode(), command.buffer_info()[0])
                fcntl.ioctl(sock, _SIOCETHTOOL, request)
