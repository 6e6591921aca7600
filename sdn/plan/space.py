"""A network namespace: what is in it, and the wires that lead out of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Interface, IPv4Network

from sdn.model import Protocol
from sdn.plan.address import Mac


class Role(StrEnum):
    """What a namespace stands for."""

    FABRIC = "fabric"  # the machine network's and the external networks' cables and bridges
    GATEWAY = "gateway"  # the router between them
    HOST = "host"  # a machine outside the cluster
    NODE = "node"
    POD = "pod"


@dataclass(frozen=True)
class Wire:
    """A veth pair from this namespace to another.

    `far_bridge` is the Linux bridge of the far namespace that takes the far end in; None leaves it free (a switch's
    port). `mtu` is in bytes, for both ends.
    """

    name: str
    mac: Mac
    mtu: int
    far_space: str
    far_name: str
    far_bridge: str | None = None


@dataclass(frozen=True)
class Address:
    """An address on a device. Without `connected` the kernel makes no route for its network."""

    device: str
    interface: IPv4Interface
    connected: bool = True


@dataclass(frozen=True)
class Route:
    """A route; without `gateway` the destination is on the link."""

    destination: IPv4Network
    device: str
    gateway: IPv4Address | None = None


@dataclass(frozen=True)
class Answer:
    """A port that answers: TCP with a small HTTP reply, the others with its text. `who` is what it says of itself."""

    protocol: Protocol
    port: int
    who: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Space:
    """One network namespace.

    Addresses and routes may name devices that a switch makes (`br-ex`, `tun0`); they are set once it has. `filter` is
    a complete nftables ruleset, or empty. `sysctls` are paths below /proc/sys, set before the first link is made.
    """

    name: str
    role: Role
    bridges: tuple[str, ...] = ()
    wires: tuple[Wire, ...] = ()
    addresses: tuple[Address, ...] = ()
    routes: tuple[Route, ...] = ()
    sysctls: tuple[tuple[str, str], ...] = ()
    filter: str = ""
    answers: tuple[Answer, ...] = ()


def wire_name(ip: IPv4Address) -> str:
    """The far end of the wire of whoever has `ip`: `veth` and eight hex digits, as OpenShift's look."""
    return f"veth{int(ip):08x}"
