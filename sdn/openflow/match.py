"""From a flow's match, field by field as it is written, to what a switch compares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from sdn.openflow.fields import BY_NAME, DEPENDENT, ETH_TYPE_ARP, ETH_TYPE_IP, PROTOCOLS, RANK, Field
from sdn.openflow.values import masked, number


class Written(Protocol):
    """A field as a rule writes it (`sdn.pipeline.MatchField`)."""

    @property
    def name(self) -> str: ...
    @property
    def value(self) -> str: ...
    @property
    def mask(self) -> str: ...


class Compared(NamedTuple):
    """A field as a switch compares it: the packet's bits under `mask` must be `value`'s."""

    field: Field
    value: int
    mask: int


def compared(match: Sequence[Written]) -> list[Compared]:
    """The fields of a match in wire order, with those that a protocol's word stands for.

    Raises:
        ValueError: a field is unknown, twice, without its prerequisite, or its value is wrong.
    """
    eth_type, ip_proto = _protocol(match)
    names = {**DEPENDENT.get((eth_type, None), {}), **DEPENDENT.get((eth_type, ip_proto), {})}
    found = [_implied("eth_type", eth_type), _implied("ip_proto", ip_proto)]
    found += [_compared(written, names) for written in match if not _is_protocol(written, names)]
    fields = [item for item in found if item is not None and item.mask]
    if len({item.field.oxm for item in fields}) < len(fields):
        raise ValueError("a field stands twice")
    return sorted(fields, key=lambda item: RANK[item.field.oxm])


def _protocol(match: Sequence[Written]) -> tuple[int | None, int | None]:
    """The Ethernet type and, above IP, the protocol that the match is bound to."""
    eth_type: int | None = None
    ip_proto: int | None = None
    for written in match:
        if not written.value and written.name in PROTOCOLS:
            eth_type, ip_proto = PROTOCOLS[written.name][0], PROTOCOLS[written.name][1] or ip_proto
        elif not written.value:
            raise ValueError(f"unknown protocol {written.name!r}, expected one of {', '.join(PROTOCOLS)}")
        elif written.name in ("dl_type", "eth_type"):
            eth_type = number(written.value)
    for written in match:
        if written.name in ("nw_proto", "ip_proto") and eth_type == ETH_TYPE_IP:
            ip_proto = number(written.value)
        elif written.name in ("nw_proto", "ip_proto") and eth_type != ETH_TYPE_ARP:
            raise ValueError(f"{written.name} needs ip or arp before it")
    return eth_type, ip_proto


def _is_protocol(written: Written, names: Mapping[str, str]) -> bool:
    """True for what `_protocol` has read: it is added from there."""
    if written.name in ("nw_proto", "ip_proto"):
        return names.get(written.name) is None
    return not written.value or written.name in ("dl_type", "eth_type")


def _implied(name: str, value: int | None) -> Compared | None:
    field = BY_NAME[name]
    if value is None:
        return None
    if value > field.full_mask:
        raise ValueError(f"{name} {value:#x} is wider than {8 * field.bytes} bits")
    return Compared(field, value, field.full_mask)


def _compared(written: Written, names: Mapping[str, str]) -> Compared | None:
    name = names.get(written.name, written.name)
    if name in ("tp_src", "tp_dst"):
        raise ValueError(f"{name} needs tcp, udp, sctp or icmp before it")
    if name not in BY_NAME:
        raise ValueError(f"unknown field {name!r}")
    return Compared(BY_NAME[name], *masked(BY_NAME[name], written.value, written.mask))
