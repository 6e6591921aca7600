"""A rule's fields on the wire: os-ken's name for each, and the order in which a match is written.

The order is Open vSwitch's own (`lib/nx-match.c`): a match that a switch reports has the very bytes of the one that
it was sent, and every field stands behind its prerequisites.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class Field(NamedTuple):
    """`name` is ovs-ofctl's, `oxm` os-ken's, `size` in bytes; `nxm` is its name in an action, if it may stand there."""

    name: str
    oxm: str
    size: int
    nxm: str = ""

    @property
    def part(self) -> str:
        """os-ken's name for it where an action names bits of it: there Open vSwitch writes the older numbers."""
        return f"{self.oxm}_nxm" if self.oxm in _RENUMBERED else self.oxm

    @property
    def full_mask(self) -> int:
        """All bits set."""
        return (1 << 8 * self.size) - 1

    def for_os_ken(self, value: int) -> int | str:
        """A value in the form that os-ken takes: text for addresses."""
        octets = value.to_bytes(self.size)
        if self.oxm in _MACS:
            return octets.hex(":")
        return ".".join(map(str, octets)) if self.oxm in _ADDRESSES else value


_MACS = frozenset({"eth_src", "eth_dst", "arp_sha", "arp_tha"})
_ADDRESSES = frozenset({"ipv4_src", "ipv4_dst", "arp_spa", "arp_tpa", "tun_ipv4_src", "tun_ipv4_dst"})

_RENUMBERED = frozenset(
    {"eth_src", "eth_dst", "ipv4_src", "ipv4_dst", "arp_op", "arp_spa", "arp_tpa", "arp_sha", "arp_tha", "tunnel_id"}
)

FIELDS: tuple[Field, ...] = (
    Field("conj_id", "conj_id", 4, "NXM_NX_CONJ_ID"),
    Field("in_port", "in_port", 4),
    Field("dl_src", "eth_src", 6, "NXM_OF_ETH_SRC"),
    Field("dl_dst", "eth_dst", 6, "NXM_OF_ETH_DST"),
    Field("dl_type", "eth_type", 2),
    Field("nw_src", "ipv4_src", 4, "NXM_OF_IP_SRC"),
    Field("nw_dst", "ipv4_dst", 4, "NXM_OF_IP_DST"),
    Field("nw_frag", "ip_frag", 1),
    Field("nw_proto", "ip_proto", 1),
    Field("tcp_src", "tcp_src", 2),
    Field("tcp_dst", "tcp_dst", 2),
    Field("tcp_flags", "tcp_flags", 2),
    Field("udp_src", "udp_src", 2),
    Field("udp_dst", "udp_dst", 2),
    Field("sctp_src", "sctp_src", 2),
    Field("sctp_dst", "sctp_dst", 2),
    Field("icmp_type", "icmpv4_type", 1),
    Field("icmp_code", "icmpv4_code", 1),
    Field("arp_op", "arp_op", 2, "NXM_OF_ARP_OP"),
    Field("arp_spa", "arp_spa", 4, "NXM_OF_ARP_SPA"),
    Field("arp_tpa", "arp_tpa", 4, "NXM_OF_ARP_TPA"),
    Field("arp_sha", "arp_sha", 6, "NXM_NX_ARP_SHA"),
    Field("arp_tha", "arp_tha", 6, "NXM_NX_ARP_THA"),
    Field("tun_id", "tunnel_id", 8, "NXM_NX_TUN_ID"),
    Field("tun_src", "tun_ipv4_src", 4, "NXM_NX_TUN_IPV4_SRC"),
    Field("tun_dst", "tun_ipv4_dst", 4, "NXM_NX_TUN_IPV4_DST"),
    *(Field(f"reg{i}", f"reg{i}", 4, f"NXM_NX_REG{i}") for i in range(8)),
    Field("pkt_mark", "pkt_mark", 4, "NXM_NX_PKT_MARK"),
    Field("ct_state", "ct_state", 4),
    Field("ct_zone", "ct_zone", 2),
    Field("ct_mark", "ct_mark", 4, "NXM_NX_CT_MARK"),
    Field("ct_label", "ct_label", 16, "NXM_NX_CT_LABEL"),
    Field("metadata", "metadata", 8),
)

BY_NAME: Mapping[str, Field] = MappingProxyType({field.name: field for field in FIELDS})
BY_NXM: Mapping[str, Field] = MappingProxyType({field.nxm: field for field in FIELDS if field.nxm})
RANK: Mapping[str, int] = MappingProxyType({field.name: rank for rank, field in enumerate(FIELDS)})

# Fields of which a rule can compare some bits only: if it compares all of these, there is no mask
NARROW: Mapping[str, int] = MappingProxyType({"nw_frag": 0x3, "arp_op": 0xFF})

# tp_src and tp_dst are other fields for each protocol
TRANSPORT: Mapping[int, str] = MappingProxyType({6: "tcp", 17: "udp", 132: "sctp"})
