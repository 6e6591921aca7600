"""MAC addresses, and which address each pod gets.

Pod addresses follow OpenShift's host-local IPAM: from the node's subnet in order, without the network's own, the
gateway's (`.1`) and the broadcast address. MACs are OpenShift's too: `0a:58:` and the four bytes of the address.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from ipaddress import IPv4Address, IPv4Network

from sdn.errors import InputError
from sdn.model import Pod

_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")


class Mac(str):
    """An Ethernet address in lower case with colons; anything else raises ValueError."""

    __slots__ = ()

    def __new__(cls, text: str) -> Mac:
        """The address that `text` is."""
        if not _MAC.fullmatch(text):
            raise ValueError(f"not an Ethernet address: {text!r}")
        return super().__new__(cls, text)


def mac_of(ip: IPv4Address) -> Mac:
    """The MAC of the interface that has `ip`: 10.248.0.2 is 0a:58:0a:f8:00:02."""
    return Mac(f"0a:58:{ip.packed.hex(':')}")


def gateway_of(subnet: IPv4Network) -> IPv4Address:
    """The node's own address in its subnet: the network's with the last bit set (OpenShift: GenerateDefaultGateway)."""
    return IPv4Address(int(subnet.network_address) | 1)


def capacity(subnet: IPv4Network) -> int:
    """How many pods a subnet holds: all but network, gateway and broadcast address (509 in a /23)."""
    return max(subnet.num_addresses - 3, 0)


def assign_addresses(pods: Iterable[Pod], subnets: Mapping[str, IPv4Network]) -> dict[str, IPv4Address]:
    """Give each pod (by its key) an address of its node's subnet, in the order given.

    Raises:
        InputError: a node has more pods than its subnet holds.
    """
    counts: dict[str, int] = {}
    addresses = {}
    for pod in pods:
        subnet = subnets[pod.node_name]
        taken = counts.get(pod.node_name, 0)
        if taken >= capacity(subnet):
            raise InputError(f"pod {pod.key}: {subnet} of {pod.node_name} holds {capacity(subnet)} pods, all given")
        addresses[pod.key] = subnet.network_address + 2 + taken
        counts[pod.node_name] = taken + 1
    return addresses
