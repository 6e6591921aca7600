"""IPv4 addresses and networks as a manifest writes them."""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv4Address, IPv4Network, IPv6Network, ip_network

from sdn.errors import Fault
from sdn.manifest.document import Field, words_of

_CIDR = re.compile(r"[0-9.]+/(0|[1-9][0-9]?)")
_NO_IPV6 = "IPv6 is not supported"
# loopback, multicast and the like: no kernel routes them to a pod
_UNUSABLE = tuple(map(IPv4Network, ("0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/3")))


def parse_address(field: Field, faults: list[Fault]) -> IPv4Address | None:
    """The address, or None and a fault."""
    try:
        return IPv4Address(field.value)
    except AddressValueError:
        hint = _NO_IPV6 if _is_ipv6(field.value) else ""
        faults.append(field.fault('an IPv4 address, such as "10.252.7.20"', hint=hint))
        return None


def parse_network(field: Field, faults: list[Fault]) -> IPv4Network | None:
    """The network, or None and a fault; host bits must be zero, and it must be one that can be routed."""
    text = field.value
    try:
        if not _CIDR.fullmatch(text):
            raise ValueError(text)
        network = IPv4Network(text, strict=False)
    except ValueError:
        hint = _NO_IPV6 if _is_ipv6(text) else ""
        faults.append(field.fault('an IPv4 network, such as "10.128.0.0/14"', hint=hint))
        return None
    if str(network.network_address) != text.partition("/")[0]:
        faults.append(field.fault(f"{words_of(str(network))}", f"{words_of(text)}, which has host bits set"))
        return None
    if unusable := next((other for other in _UNUSABLE if network.overlaps(other)), None):
        faults.append(field.fault("a unicast network", f"{words_of(text)}, which overlaps {unusable}"))
        return None
    return network


def _is_ipv6(text: str) -> bool:
    try:
        return isinstance(ip_network(text, strict=False), IPv6Network)
    except ValueError:
        return False
