"""The actions that write: load, move and set_field, and the slices of a packet that they name."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from sdn.pipeline.fields import FIELDS
from sdn.pipeline.words import number, unknown

# What reading an argument finds: the tables that it names, and the fields that the packet must have.
Found = tuple[list[str], set[str]]

# Parts of a packet that load, move and output name as Open vSwitch's NXM names do: width, and the field it is.
_REGISTERS: Mapping[str, tuple[int, str]] = MappingProxyType(
    {
        **{f"NXM_NX_REG{i}": (32, f"reg{i}") for i in range(8)},
        "NXM_NX_TUN_ID": (64, "tun_id"),
        "NXM_NX_TUN_IPV4_SRC": (32, "tun_src"),
        "NXM_NX_TUN_IPV4_DST": (32, "tun_dst"),
        "NXM_NX_CT_MARK": (32, "ct_mark"),
        "NXM_NX_CT_LABEL": (128, "ct_label"),
        "NXM_NX_PKT_MARK": (32, "pkt_mark"),
        "NXM_OF_ETH_SRC": (48, "dl_src"),
        "NXM_OF_ETH_DST": (48, "dl_dst"),
        "NXM_OF_IP_SRC": (32, "nw_src"),
        "NXM_OF_IP_DST": (32, "nw_dst"),
        "NXM_OF_ARP_OP": (16, "arp_op"),
        "NXM_OF_ARP_SPA": (32, "arp_spa"),
        "NXM_OF_ARP_TPA": (32, "arp_tpa"),
        "NXM_NX_ARP_SHA": (48, "arp_sha"),
        "NXM_NX_ARP_THA": (48, "arp_tha"),
    }
)
_READ_ONLY = frozenset({"in_port", "nw_proto", "ct_zone", "conj_id", "icmp_type", "icmp_code"})
_IN_CONNTRACK = frozenset({"ct_mark", "ct_label"})
_SLICE = re.compile(r"(NXM_[A-Z0-9_]+)\[(?:([0-9]+)(?:\.\.([0-9]+))?)?\]")


class Slice(NamedTuple):
    """Some bits of a field."""

    bits: int
    field: str


def slice_of(text: str) -> Slice:
    """What `NXM_NX_REG0[]` or `NXM_NX_TUN_ID[0..31]` names."""
    found = _SLICE.fullmatch(text)
    if not found:
        raise ValueError(f"found {text!r}, expected as NXM_NX_REG0[] or NXM_NX_TUN_ID[0..31]")
    if found[1] not in _REGISTERS:
        raise unknown("register", found[1], _REGISTERS)
    bits, field = _REGISTERS[found[1]]
    if found[2] is None:
        return Slice(bits, field)
    first = int(found[2])
    last = int(found[3] or first)
    if not first <= last < bits:
        raise ValueError(f"{text}: {found[1]} has bits 0 to {bits - 1}")
    return Slice(last - first + 1, field)


def _load(argument: str, inside: bool) -> Found:
    value, target = _arrow("load", argument)
    into = slice_of(target)
    _check_writable(into.field, inside)
    if number(value) >> into.bits:
        raise ValueError(f"load: {value} is too wide for {target}, which has {into.bits} bits")
    return [], {into.field}


def _move(argument: str, inside: bool) -> Found:
    source, target = _arrow("move", argument)
    out, into = slice_of(source), slice_of(target)
    _check_writable(into.field, inside)
    if out.bits != into.bits:
        raise ValueError(f"move: {source} has {out.bits} bits, {target} has {into.bits}")
    return [], {out.field, into.field}


def _set_field(argument: str, inside: bool) -> Found:
    text, name = _arrow("set_field", argument)
    if name not in FIELDS:
        raise unknown("field", name, FIELDS)
    _check_writable(name, inside)
    value_text, slash, mask_text = text.partition("/")
    value = FIELDS[name].value(value_text)
    mask = FIELDS[name].mask(mask_text) if slash else value or 1
    if value & ~mask:
        raise ValueError(f"set_field: {text}: bits of the value are outside the mask")
    if not mask:
        raise ValueError(f"set_field: {text}: the mask is empty, Open vSwitch would leave the action out")
    return [], {f"set_field:{name}" if name.startswith("tp_") else name}


def _arrow(action: str, argument: str) -> tuple[str, str]:
    source, arrow, target = argument.partition("->")
    if not arrow:
        raise ValueError(f"{action}: found {argument!r}, expected WHAT->WHERE")
    return source, target


def _check_writable(field: str, inside: bool) -> None:
    """Conntrack's own fields are written inside ct(exec(…)) and nothing else is."""
    if field in _READ_ONLY:
        raise ValueError(f"{field} cannot be written")
    if inside != (field in _IN_CONNTRACK):
        raise ValueError(f"{field} is written {'outside of' if inside else 'inside'} ct(commit,exec(…)) only")


WRITERS: Mapping[str, Callable[[str, bool], Found]] = MappingProxyType(
    {"load": _load, "move": _move, "set_field": _set_field}
)
