"""Links, addresses and routes: what is in a network namespace."""

from __future__ import annotations

import array
import errno
import fcntl
import socket
import struct
from collections.abc import Collection, Iterable, Iterator

from pyroute2.netlink import NLM_F_CREATE, NLM_F_EXCL, nlmsg
from pyroute2.netlink.rtnl import RTM_DELLINK, RTM_NEWADDR, RTM_NEWLINK, RTM_NEWROUTE
from pyroute2.netlink.rtnl.ifaddrmsg import ifaddrmsg
from pyroute2.netlink.rtnl.ifinfmsg import ifinfmsg
from pyroute2.netlink.rtnl.rtmsg import rtmsg

from sdn.host.netlink import Netlink
from sdn.host.space import Spaces
from sdn.plan import Address, Role, Route, Space, Wire

_NEW = NLM_F_CREATE | NLM_F_EXCL
_LOOPBACK = 1
_IFF_UP = 1
_IFA_F_NOPREFIXROUTE = 0x200
_TABLE_MAIN, _PROTO_STATIC, _UNICAST, _SCOPE_LINK = 254, 4, 1, 253
_SIOCETHTOOL = 0x8946
_ETHTOOL_STXCSUM = 0x17

Request = tuple[nlmsg, int, int, str]


class Links:
    """What is in the namespaces of one lab. To be used by one thread at a time."""

    def __init__(self, spaces: Spaces) -> None:
        self._spaces = spaces
        self._sockets: dict[str, Netlink] = {}

    def _run(self, space: str, requests: Iterable[Request]) -> None:
        if space not in self._sockets:
            with self._spaces.inside(space):
                self._sockets[space] = Netlink()
        self._sockets[space].run(list(requests))

    def forget(self, space: str) -> None:
        """Nothing is kept open of the namespace."""
        if space in self._sockets:
            self._sockets.pop(space).close()

    def make(self, space: Space, software_checksums: bool) -> None:
        """The namespace has its loopback, bridges and wires, and addresses and routes on those that are its own.

        With `software_checksums` its devices leave no checksum to the receiver: Open vSwitch's userspace datapath
        would pass such packets on as they are.
        """
        self._run(space.name, self._links(space))
        for wire in space.wires:
            self._far_end(wire)
        own = [wire.name for wire in space.wires]
        if software_checksums and own:
            self.software_checksums(space.name, own)
        self.address(space, own)
        if space.role is Role.POD:
            self.forget(space.name)

    def _links(self, space: Space) -> Iterator[Request]:
        yield _up(_LOOPBACK), RTM_NEWLINK, 0, f"{space.name}: loopback up"
        for bridge in space.bridges:
            yield _bridge(bridge), RTM_NEWLINK, _NEW, f"{space.name}: bridge {bridge}"
        for wire in space.wires:
            yield _veth(wire, self._spaces.fd(wire.far_space)), RTM_NEWLINK, _NEW, f"{space.name}: {wire.name}"

    def _far_end(self, wire: Wire) -> None:
        """The far end is up, and in its bridge if it has one."""
        message = _link(up=True)
        message["attrs"] = [("IFLA_IFNAME", wire.far_name)]
        if wire.far_bridge:
            with self._spaces.inside(wire.far_space):
                message["attrs"].append(("IFLA_MASTER", socket.if_nametoindex(wire.far_bridge)))
        self._run(wire.far_space, [(message, RTM_NEWLINK, 0, f"{wire.far_space}: {wire.far_name} up")])

    def cut(self, wires: Iterable[Wire]) -> None:
        """The wires are gone, both ends; one that a failed change never made is none."""
        for wire in wires:
            message = _link()
            message["attrs"] = [("IFLA_IFNAME", wire.far_name)]
            try:
                self._run(wire.far_space, [(message, RTM_DELLINK, 0, f"{wire.far_space}: delete {wire.far_name}")])
            except OSError as error:
                if error.errno != errno.ENODEV:
                    raise

    def address(self, space: Space, devices: Collection[str]) -> None:
        """The named devices of the namespace are up and have their addresses and routes."""
        with self._spaces.inside(space.name):
            indexes = {device: socket.if_nametoindex(device) for device in devices}
        requests: list[Request] = [
            (_up(index), RTM_NEWLINK, 0, f"{space.name}: {device} up") for device, index in indexes.items()
        ]
        for address in space.addresses:
            if address.device in indexes:
                what = f"{space.name}: {address.interface} on {address.device}"
                requests.append((_address(address, indexes[address.device]), RTM_NEWADDR, _NEW, what))
        for route in space.routes:
            if route.device in indexes:
                what = f"{space.name}: route to {route.destination}"
                requests.append((_route(route, indexes[route.device]), RTM_NEWROUTE, _NEW, what))
        self._run(space.name, requests)

    def software_checksums(self, space: str, devices: Collection[str]) -> None:
        """The devices compute every checksum themselves (`ethtool -K DEVICE tx off`)."""
        with self._spaces.inside(space), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            for device in devices:
                command = array.array("B", struct.pack("II", _ETHTOOL_STXCSUM, 0))
                request = struct.pack("16sP8x", device.encode(), command.buffer_info()[0])
                fcntl.ioctl(sock, _SIOCETHTOOL, request)


def _link(index: int = 0, up: bool = False) -> ifinfmsg:
    message = ifinfmsg()
    message["index"] = index
    if up:
        message["flags"] = message["change"] = _IFF_UP
    return message


def _up(index: int) -> ifinfmsg:
    return _link(index, up=True)


def _bridge(name: str) -> ifinfmsg:
    message = _link(up=True)
    message["attrs"] = [("IFLA_IFNAME", name), ("IFLA_LINKINFO", {"attrs": [("IFLA_INFO_KIND", "bridge")]})]
    return message


def _veth(wire: Wire, far: int) -> ifinfmsg:
    """One message for both ends: this one up, the far one straight in its namespace (it cannot be up yet)."""
    peer = {
        "attrs": [("IFLA_IFNAME", wire.far_name), ("IFLA_MTU", wire.mtu), ("IFLA_NET_NS_FD", far)],
    }
    data = {"attrs": [("VETH_INFO_PEER", peer)]}
    message = _link(up=True)
    message["attrs"] = [
        ("IFLA_IFNAME", wire.name),
        ("IFLA_ADDRESS", str(wire.mac)),
        ("IFLA_MTU", wire.mtu),
        ("IFLA_LINKINFO", {"attrs": [("IFLA_INFO_KIND", "veth"), ("IFLA_INFO_DATA", data)]}),
    ]
    return message


def _address(address: Address, index: int) -> ifaddrmsg:
    message = ifaddrmsg()
    message["family"] = socket.AF_INET
    message["prefixlen"] = address.interface.network.prefixlen
    message["index"] = index
    ip = str(address.interface.ip)
    message["attrs"] = [
        ("IFA_LOCAL", ip),
        ("IFA_ADDRESS", ip),
        ("IFA_BROADCAST", str(address.interface.network.broadcast_address)),
        ("IFA_FLAGS", 0 if address.connected else _IFA_F_NOPREFIXROUTE),
    ]
    return message


def _route(route: Route, index: int) -> rtmsg:
    message = rtmsg()
    message["family"] = socket.AF_INET
    message["dst_len"] = route.destination.prefixlen
    message["table"], message["proto"], message["type"] = _TABLE_MAIN, _PROTO_STATIC, _UNICAST
    message["attrs"] = [("RTA_DST", str(route.destination.network_address)), ("RTA_OIF", index)]
    if route.gateway is None:
        message["scope"] = _SCOPE_LINK
    else:
        message["attrs"].append(("RTA_GATEWAY", str(route.gateway)))
    return message
