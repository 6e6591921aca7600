"""A node's Open vSwitch: br-ex with the node's own network card, br0 with vxlan0, tun0 and the pods."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address

from sdn.plan.address import Mac
from sdn.plan.space import wire_name

VXLAN_PORT = 1
TUN_PORT = 2


class PortKind(StrEnum):
    """What a port is, as Open vSwitch's interface types tell them apart."""

    VETH = ""  # a device that is already there
    INTERNAL = "internal"
    VXLAN = "vxlan"


@dataclass(frozen=True)
class Port:
    """A switch port. `mtu` in bytes; `options` are those of the Interface row."""

    name: str
    ofport: int
    kind: PortKind = PortKind.VETH
    mac: Mac | None = None
    mtu: int | None = None
    options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Bridge:
    """A bridge. A controlled one is `fail_mode=secure` and takes its rules from the controller; the other learns."""

    name: str
    mac: Mac
    controlled: bool
    ports: tuple[Port, ...] = ()

    @property
    def datapath_id(self) -> int:
        """The 64-bit datapath id: the bridge's MAC."""
        return int(self.mac.replace(":", ""), 16)


def pod_port(ip: IPv4Address, subnet_base: int) -> int:
    """The ofport of the pod that has `ip`: 3 for the subnet's `.2`, and so on, whatever else is on the node."""
    return int(ip) - subnet_base + 1


def uplink(mac: Mac) -> Bridge:
    """br-ex: the node's `eth0` and, as the bridge's own port, the node's address."""
    return Bridge("br-ex", mac, controlled=False, ports=(Port("eth0", 1),))


def overlay(mac: Mac, tun_mac: Mac, mtu: int, vxlan_udp_port: int, pods: Iterable[tuple[IPv4Address, int]]) -> Bridge:
    """br0: vxlan0 as port 1, tun0 as port 2, then a port for each pod (address, ofport)."""
    vxlan = Port(
        "vxlan0",
        VXLAN_PORT,
        PortKind.VXLAN,
        options=(("remote_ip", "flow"), ("key", "flow"), ("dst_port", str(vxlan_udp_port))),
    )
    tun = Port("tun0", TUN_PORT, PortKind.INTERNAL, mac=tun_mac, mtu=mtu)
    return Bridge("br0", mac, True, (vxlan, tun, *(Port(wire_name(ip), ofport) for ip, ofport in pods)))
