"""Frames to put in, built by scapy. Each carries a token by which it is known again wherever it is seen."""

from __future__ import annotations

import logging
import secrets
import warnings
from ipaddress import IPv4Address

logging.getLogger("scapy").setLevel(logging.ERROR)
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from scapy.layers.inet import ICMP, IP, TCP, UDP, fragment
    from scapy.layers.l2 import ARP, Ether
    from scapy.layers.vxlan import VXLAN
    from scapy.packet import Packet as Layers
    from scapy.packet import Raw

TOKEN_BYTES = 12
BROADCAST = "ff:ff:ff:ff:ff:ff"
_HEADERS_BYTES = 28  # IPv4 and ICMP
_LAST_PORT = 65535


def token() -> bytes:
    """Twelve random bytes."""
    return secrets.token_bytes(TOKEN_BYTES)


def echo(
    macs: tuple[str, str],
    source: IPv4Address,
    destination: IPv4Address,
    mark: bytes,
    *,
    ip_bytes: int = 64,
    reply: bool = False,
) -> bytes:
    """An ICMP echo request (or reply) of `ip_bytes` that may not be fragmented; `macs` are sender's and receiver's."""
    layers = _ip(macs, source, destination) / ICMP(type=0 if reply else 8, id=int.from_bytes(mark[:2]), seq=1)
    return bytes(layers / Raw(_padded(mark, ip_bytes - _HEADERS_BYTES)))


def who_has(mac: str, source: IPv4Address, target: IPv4Address, mark: bytes) -> bytes:
    """An ARP request by `mac` who says that he has `source`; the mark is in the padding, which travels along."""
    arp = ARP(op="who-has", hwsrc=mac, psrc=str(source), pdst=str(target))
    return bytes(Ether(src=mac, dst=BROADCAST) / arp / Raw(_padded(mark, 18)))


def is_at(macs: tuple[str, str], source: IPv4Address, target: IPv4Address) -> bytes:
    """The ARP reply of `source` to `target`."""
    arp = ARP(op="is-at", hwsrc=macs[0], psrc=str(source), hwdst=macs[1], pdst=str(target))
    return bytes(Ether(src=macs[0], dst=macs[1]) / arp)


def syn(macs: tuple[str, str], source: IPv4Address, destination: IPv4Address, ports: tuple[int, int]) -> bytes:
    """The first segment of a TCP connection."""
    return bytes(_ip(macs, source, destination) / TCP(sport=ports[0], dport=ports[1], flags="S"))


def vxlan(
    macs: tuple[str, str], source: IPv4Address, destination: IPv4Address, vnid: int, inner: bytes, udp_port: int
) -> tuple[bytes, ...]:
    """`inner` in VXLAN: one frame."""
    return (bytes(_vxlan(macs, source, destination, vnid, inner, udp_port)),)


def vxlan_in_fragments(
    macs: tuple[str, str], source: IPv4Address, destination: IPv4Address, vnid: int, inner: bytes, udp_port: int
) -> tuple[bytes, ...]:
    """`inner` in VXLAN, in pieces of 96 bytes: the first has the UDP ports, each the mark of an `inner` of 128."""
    whole = _vxlan(macs, source, destination, vnid, inner, udp_port)
    whole[IP].flags = 0
    whole[IP].id = int.from_bytes(inner[-2:])
    return tuple(bytes(piece) for piece in fragment(whole, fragsize=96))  # type: ignore[no-untyped-call]


def _vxlan(
    macs: tuple[str, str], source: IPv4Address, destination: IPv4Address, vnid: int, inner: bytes, udp_port: int
) -> Layers:
    udp = UDP(sport=_LAST_PORT - inner[-1], dport=udp_port, chksum=0)
    return _ip(macs, source, destination) / udp / VXLAN(vni=vnid, flags="Instance") / Raw(inner)


def _ip(macs: tuple[str, str], source: IPv4Address, destination: IPv4Address) -> Layers:
    return Ether(src=macs[0], dst=macs[1]) / IP(src=str(source), dst=str(destination), flags="DF")


def _padded(mark: bytes, length: int) -> bytes:
    """The mark again and again: a fragment, or an error message that quotes the packet, has it whole."""
    return (mark * (length // len(mark) + 1))[:length]
