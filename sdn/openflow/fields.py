"""The match fields of OpenFlow by the names that ovs-ofctl knows them by.

The order of FIELDS is the order in which a match is written. It is Open vSwitch's own (`lib/nx-match.c`), so a match
that a switch reports has the very bytes of the one it was sent, and every field stands behind its prerequisites.
Sizes, prerequisites and NXM names: ovs-fields(7).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType

ETH_TYPE_IP = 0x0800
ETH_TYPE_ARP = 0x0806


class Kind(Enum):
    """How the text of a value is read."""

    NUMBER = "number"
    ADDRESS = "address"  # IPv4
    MAC = "mac"
    FLAGS = "flags"  # +name-name, or a number
    FRAGMENT = "fragment"  # no, yes, first, later, not_later
    TOS = "tos"  # written with the two ECN bits, sent without


@dataclass(frozen=True)
class Field:
    """A match field: os-ken's name for it, its size in bytes, ovs-ofctl's names.

    `flags` are the names of the bits, from bit 0 on.
    """

    oxm: str
    bytes: int
    names: tuple[str, ...]
    kind: Kind = Kind.NUMBER
    flags: tuple[str, ...] = ()

    @property
    def full_mask(self) -> int:
        """All bits set."""
        return (1 << 8 * self.bytes) - 1


_CT_STATE = ("new", "est", "rel", "rpl", "inv", "trk", "snat", "dnat")
_TCP_FLAGS = ("fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr", "ns")


def _registers() -> Iterator[Field]:
    for number in range(16):
        yield Field(f"reg{number}", 4, (f"reg{number}", f"NXM_NX_REG{number}"))


FIELDS: tuple[Field, ...] = (
    Field("conj_id", 4, ("conj_id", "NXM_NX_CONJ_ID")),
    Field("in_port", 4, ("in_port", "OXM_OF_IN_PORT", "NXM_OF_IN_PORT")),
    Field("eth_src", 6, ("dl_src", "eth_src", "NXM_OF_ETH_SRC", "OXM_OF_ETH_SRC"), Kind.MAC),
    Field("eth_dst", 6, ("dl_dst", "eth_dst", "NXM_OF_ETH_DST", "OXM_OF_ETH_DST"), Kind.MAC),
    Field("eth_type", 2, ("dl_type", "eth_type", "NXM_OF_ETH_TYPE", "OXM_OF_ETH_TYPE")),
    Field("ipv4_src", 4, ("nw_src", "ip_src", "NXM_OF_IP_SRC", "OXM_OF_IPV4_SRC"), Kind.ADDRESS),
    Field("ipv4_dst", 4, ("nw_dst", "ip_dst", "NXM_OF_IP_DST", "OXM_OF_IPV4_DST"), Kind.ADDRESS),
    Field("ip_frag", 1, ("nw_frag", "ip_frag", "NXM_NX_IP_FRAG"), Kind.FRAGMENT),
    Field("ip_dscp", 1, ("nw_tos",), Kind.TOS),
    Field("ip_dscp", 1, ("ip_dscp", "OXM_OF_IP_DSCP")),
    Field("ip_ecn", 1, ("nw_ecn", "ip_ecn", "NXM_NX_IP_ECN", "OXM_OF_IP_ECN")),
    Field("nw_ttl", 1, ("nw_ttl", "NXM_NX_IP_TTL")),
    Field("ip_proto", 1, ("nw_proto", "ip_proto", "NXM_OF_IP_PROTO", "OXM_OF_IP_PROTO")),
    Field("tcp_src", 2, ("tcp_src", "NXM_OF_TCP_SRC", "OXM_OF_TCP_SRC")),
    Field("tcp_dst", 2, ("tcp_dst", "NXM_OF_TCP_DST", "OXM_OF_TCP_DST")),
    Field("tcp_flags", 2, ("tcp_flags",), Kind.FLAGS, _TCP_FLAGS),
    Field("udp_src", 2, ("udp_src", "NXM_OF_UDP_SRC", "OXM_OF_UDP_SRC")),
    Field("udp_dst", 2, ("udp_dst", "NXM_OF_UDP_DST", "OXM_OF_UDP_DST")),
    Field("sctp_src", 2, ("sctp_src", "OXM_OF_SCTP_SRC")),
    Field("sctp_dst", 2, ("sctp_dst", "OXM_OF_SCTP_DST")),
    Field("icmpv4_type", 1, ("icmp_type", "NXM_OF_ICMP_TYPE", "OXM_OF_ICMPV4_TYPE")),
    Field("icmpv4_code", 1, ("icmp_code", "NXM_OF_ICMP_CODE", "OXM_OF_ICMPV4_CODE")),
    Field("arp_op", 2, ("arp_op", "NXM_OF_ARP_OP", "OXM_OF_ARP_OP")),
    Field("arp_spa", 4, ("arp_spa", "NXM_OF_ARP_SPA", "OXM_OF_ARP_SPA"), Kind.ADDRESS),
    Field("arp_tpa", 4, ("arp_tpa", "NXM_OF_ARP_TPA", "OXM_OF_ARP_TPA"), Kind.ADDRESS),
    Field("arp_sha", 6, ("arp_sha", "NXM_NX_ARP_SHA", "OXM_OF_ARP_SHA"), Kind.MAC),
    Field("arp_tha", 6, ("arp_tha", "NXM_NX_ARP_THA", "OXM_OF_ARP_THA"), Kind.MAC),
    Field("tunnel_id", 8, ("tun_id", "tunnel_id", "NXM_NX_TUN_ID", "OXM_OF_TUNNEL_ID")),
    Field("tun_ipv4_src", 4, ("tun_src", "NXM_NX_TUN_IPV4_SRC"), Kind.ADDRESS),
    Field("tun_ipv4_dst", 4, ("tun_dst", "NXM_NX_TUN_IPV4_DST"), Kind.ADDRESS),
    *_registers(),
    Field("pkt_mark", 4, ("pkt_mark", "NXM_NX_PKT_MARK")),
    Field("ct_state", 4, ("ct_state", "NXM_NX_CT_STATE"), Kind.FLAGS, _CT_STATE),
    Field("ct_zone", 2, ("ct_zone", "NXM_NX_CT_ZONE")),
    Field("ct_mark", 4, ("ct_mark", "NXM_NX_CT_MARK")),
    Field("ct_label", 16, ("ct_label", "NXM_NX_CT_LABEL")),
    Field("metadata", 8, ("metadata", "OXM_OF_METADATA")),
)

BY_NAME = MappingProxyType({name: field for field in FIELDS for name in field.names})
RANK = MappingProxyType({field.oxm: rank for rank, field in enumerate(FIELDS)})

# What a protocol's own word says: `tcp` is dl_type 0x0800 and nw_proto 6
PROTOCOLS = MappingProxyType(
    {
        "ip": (ETH_TYPE_IP, None),
        "arp": (ETH_TYPE_ARP, None),
        "icmp": (ETH_TYPE_IP, 1),
        "tcp": (ETH_TYPE_IP, 6),
        "udp": (ETH_TYPE_IP, 17),
        "sctp": (ETH_TYPE_IP, 132),
    }
)

# The fields whose meaning hangs on the protocol: by (dl_type, nw_proto), then by (dl_type, None)
DEPENDENT = MappingProxyType(
    {
        (ETH_TYPE_ARP, None): {"nw_src": "arp_spa", "nw_dst": "arp_tpa", "nw_proto": "arp_op"},
        (ETH_TYPE_IP, 6): {"tp_src": "tcp_src", "tp_dst": "tcp_dst"},
        (ETH_TYPE_IP, 17): {"tp_src": "udp_src", "tp_dst": "udp_dst"},
        (ETH_TYPE_IP, 132): {"tp_src": "sctp_src", "tp_dst": "sctp_dst"},
        (ETH_TYPE_IP, 1): {"tp_src": "icmp_type", "tp_dst": "icmp_code"},
    }
)
