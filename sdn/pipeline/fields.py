"""What a rule may match: the fields of ovs-fields(7) that this pipeline uses, one spelling each.

A field is checked as Open vSwitch checks it, and where that is silent, harder: a missing prerequisite makes it match
everything, bits outside a mask are dropped without a word, the second of two protocols wins. All three are refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

from sdn.pipeline.words import address, mac, number, port, unknown

CACHE = 1 << 16

# Each protocol word, and what it says of dl_type and nw_proto.
PROTOCOLS: Mapping[str, tuple[int, int | None]] = MappingProxyType(
    {
        "ip": (0x0800, None),
        "arp": (0x0806, None),
        "icmp": (0x0800, 1),
        "tcp": (0x0800, 6),
        "udp": (0x0800, 17),
        "sctp": (0x0800, 132),
    }
)

_IP = frozenset(PROTOCOLS) - {"arp"}
_ARP = frozenset({"arp"})
_PORTS = frozenset({"tcp", "udp", "sctp"})
_CT_FLAGS = {"new": 1, "est": 2, "rel": 4, "rpl": 8, "inv": 16, "trk": 32, "snat": 64, "dnat": 128}
_TCP_FLAGS = {"fin": 1, "syn": 2, "rst": 4, "psh": 8, "ack": 16, "urg": 32, "ece": 64, "cwr": 128, "ns": 256}
_FRAGMENTS = {"no": 0, "yes": 1, "first": 1, "later": 3, "not_later": 0}
_FRAGMENT_MASKS = {"no": 3, "yes": 1, "first": 3, "later": 3, "not_later": 2}
_LATER = ("nw_frag", 3, 3)
_BEYOND_IP = frozenset({"tp_src", "tp_dst", "tcp_flags", "icmp_type", "icmp_code"})
_FLAG = re.compile(r"([+-])([a-z]+)")


class MatchField(NamedTuple):
    """One part of a match, as it is written.

    `nw_src=10.248.0.0/14` is ("nw_src", "10.248.0.0", "14"); `ip` stands alone as ("ip", "", "").
    """

    name: str
    value: str
    mask: str

    def __str__(self) -> str:
        return self.name + (f"={self.value}" if self.value else "") + (f"/{self.mask}" if self.mask else "")


class Meaning(NamedTuple):
    """A part of a match and what it says, whichever way it is written. `primitives` are (field, value, mask)."""

    field: MatchField
    primitives: tuple[tuple[str, int, int], ...]


@dataclass(frozen=True)
class Field:
    """A field: how wide it is, how its value is read, whether it takes a mask, and what it needs beside it."""

    name: str
    bits: int
    read: Callable[[str], int]
    maskable: bool = False
    needs: frozenset[str] = frozenset()

    def value(self, text: str) -> int:
        """The value that `text` says; ValueError if it is none or too wide."""
        number = self.read(text)
        if number >> self.bits:
            raise ValueError(f"{self.name}: {text} is too wide, found {number.bit_length()} bits, expected {self.bits}")
        return number

    def mask(self, text: str) -> int:
        """The mask that `text` says; ValueError if it is none."""
        if not self.maskable:
            raise ValueError(f"{self.name} takes no mask, found /{text}")
        if self.read is address and text.isdecimal():
            if int(text) > 32 or text != str(int(text)):
                raise ValueError(f"{self.name}: found /{text}, expected a prefix length of 0 to 32")
            return (1 << 32) - (1 << (32 - int(text)))
        return self.value(text)


def _opcode(text: str) -> int:
    found = number(text)
    if found > 0xFF:
        raise ValueError(f"arp_op: {text} is too wide; Open vSwitch would look at its last 8 bits only")
    return found


FIELDS: Mapping[str, Field] = MappingProxyType(
    {
        field.name: field
        for field in (
            Field("in_port", 32, port),
            Field("dl_src", 48, mac, True),
            Field("dl_dst", 48, mac, True),
            Field("nw_src", 32, address, True, _IP),
            Field("nw_dst", 32, address, True, _IP),
            Field("nw_proto", 8, number, False, frozenset({"ip"})),
            Field("tp_src", 16, number, True, _PORTS),
            Field("tp_dst", 16, number, True, _PORTS),
            Field("icmp_type", 8, number, False, frozenset({"icmp"})),
            Field("icmp_code", 8, number, False, frozenset({"icmp"})),
            Field("arp_op", 16, _opcode, False, _ARP),
            Field("arp_spa", 32, address, True, _ARP),
            Field("arp_tpa", 32, address, True, _ARP),
            Field("arp_sha", 48, mac, True, _ARP),
            Field("arp_tha", 48, mac, True, _ARP),
            Field("tun_id", 64, number, True),
            Field("tun_src", 32, address, True),
            Field("tun_dst", 32, address, True),
            *(Field(f"reg{i}", 32, number, True) for i in range(8)),
            Field("metadata", 64, number, True),
            Field("pkt_mark", 32, number, True),
            Field("ct_zone", 16, number),
            Field("ct_mark", 32, number, True),
            Field("ct_label", 128, number, True),
            Field("conj_id", 32, number),
        )
    }
)

# What needs a protocol beside it and is no plain field.
_NEEDS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        **dict.fromkeys(("tcp_flags", "set_field:tp_src", "set_field:tp_dst"), frozenset({"tcp"})),
        **dict.fromkeys(("nw_frag", "ct", "dec_ttl"), _IP),
    }
)
# Fields whose values are words, read below.
_WORDS = frozenset({"ct_state", "tcp_flags", "nw_frag"})


@lru_cache(CACHE)
def read_field(text: str) -> Meaning:
    """What one part of a match says; ValueError if it is wrong."""
    name, equals, rest = text.partition("=")
    if name in PROTOCOLS:
        if equals:
            raise ValueError(f"{name} takes no value, found {text!r}")
        dl_type, nw_proto = PROTOCOLS[name]
        primitives = [("dl_type", dl_type, 0xFFFF)]
        if nw_proto is not None:
            primitives.append(("nw_proto", nw_proto, 0xFF))
        return Meaning(MatchField(name, "", ""), tuple(primitives))
    if name not in FIELDS and name not in _WORDS:
        raise unknown("field", name, [*FIELDS, *_WORDS, *PROTOCOLS])
    if not rest:
        raise ValueError(f"{name} has no value")
    if name in _WORDS:
        return Meaning(MatchField(name, rest, ""), ((name, *_read_words(name, rest)),))
    field = FIELDS[name]
    value_text, slash, mask_text = rest.partition("/")
    value = field.value(value_text)
    mask = field.mask(mask_text) if slash else (1 << field.bits) - 1
    if value & ~mask:
        raise ValueError(f"{text}: bits of the value are outside the mask, Open vSwitch would ignore them")
    return Meaning(MatchField(name, value_text, mask_text), ((name, value, mask),))


def _read_words(name: str, text: str) -> tuple[int, int]:
    if name == "nw_frag":
        if text not in _FRAGMENTS:
            raise ValueError(f"nw_frag: found {text!r}, expected {', '.join(_FRAGMENTS)}")
        return _FRAGMENTS[text], _FRAGMENT_MASKS[text]
    flags = _CT_FLAGS if name == "ct_state" else _TCP_FLAGS
    value = mask = end = 0
    for found in _FLAG.finditer(text):
        sign, flag = found.groups()
        if found.start() != end or flag not in flags:
            break
        if mask & flags[flag]:
            raise ValueError(f"{name}: {flag} stands twice in {text!r}")
        mask |= flags[flag]
        value |= flags[flag] if sign == "+" else 0
        end = found.end()
    if end != len(text):
        raise ValueError(f"{name}: found {text!r}, expected + or - and one of {', '.join(flags)}, as +trk-new")
    return value, mask


class Match(NamedTuple):
    """A whole match: its parts as written, and what it says in one way (`identity`), for comparing."""

    text: str
    fields: tuple[MatchField, ...]
    identity: frozenset[tuple[str, int, int]]


def read_match(texts: Sequence[str]) -> Match:
    """What the parts of a match say together; ValueError if one is wrong, needs another, or says it anew."""
    meanings = [read_field(text) for text in texts]
    fields = tuple([meaning.field for meaning in meanings])
    check_prerequisites(tuple([field.name for field in fields]))
    # an all-zero mask says nothing
    identity = frozenset([part for meaning in meanings for part in meaning.primitives if part[2]])
    if _LATER in identity and not _BEYOND_IP.isdisjoint([field.name for field in fields]):
        raise ValueError("a later fragment shows no ports, flags or ICMP type; Open vSwitch takes some such rules")
    return Match(",".join(texts), fields, identity)


@lru_cache(CACHE)
def check_prerequisites(names: tuple[str, ...]) -> None:
    """Every field has what it needs beside it and stands once; ValueError if not."""
    protocols = [name for name in names if name in PROTOCOLS]
    if len(protocols) > 1:
        raise ValueError(f"{' and '.join(protocols)}: one protocol only; Open vSwitch takes the last")
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{twice} stands twice; Open vSwitch takes the last")
    for name in names:
        check_needs(name, protocols)


def check_needs(name: str, protocols: Iterable[str]) -> None:
    """The field (or action) may stand beside these protocols; ValueError if not."""
    needs = FIELDS[name].needs if name in FIELDS else _NEEDS.get(name)
    if needs and not needs & set(protocols):
        raise ValueError(f"{name} needs {' or '.join(sorted(needs))} in the match; Open vSwitch may ignore it without")
