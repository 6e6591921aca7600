"""From a value's text, as ovs-ofctl reads it, to the number that it is. ValueError for anything else."""

from __future__ import annotations

import re
from ipaddress import IPv4Address
from types import MappingProxyType

from sdn.openflow.fields import Field, Kind

_FLAG = re.compile(r"([+-])([a-z]+)")
_FRAGMENTS = MappingProxyType({"no": (0, 3), "yes": (1, 1), "first": (1, 3), "later": (3, 3), "not_later": (0, 2)})
_PORTS = MappingProxyType(
    {
        "in_port": 0xFFFFFFF8,
        "table": 0xFFFFFFF9,
        "normal": 0xFFFFFFFA,
        "flood": 0xFFFFFFFB,
        "all": 0xFFFFFFFC,
        "controller": 0xFFFFFFFD,
        "local": 0xFFFFFFFE,
    }
)
_FIRST_RESERVED_PORT = 0xFF00  # of OpenFlow 1.0, whose numbers ovs-ofctl still takes
_RESERVED_OFFSET = 0xFFFF0000


def number(text: str) -> int:
    """A number as C writes it: `16`, `0x10` or `020`."""
    if re.fullmatch("0[0-7]+", text):
        return int(text, 8)
    return int(text, 0)


def port(text: str) -> int:
    """The 32-bit number of a port: a number, or a reserved port's name."""
    reserved = _PORTS.get(text.lower())
    if reserved is not None:
        return reserved
    value = number(text)
    return value + _RESERVED_OFFSET if _FIRST_RESERVED_PORT <= value <= 0xFFFF else value


def address(text: str) -> int:
    """An IPv4 address."""
    return int(IPv4Address(text))


def mac(text: str) -> int:
    """An Ethernet address."""
    octets = text.split(":")
    if len(octets) != 6 or not all(re.fullmatch("[0-9a-fA-F]{1,2}", octet) for octet in octets):
        raise ValueError(f"{text!r} is no Ethernet address")
    return int("".join(octet.zfill(2) for octet in octets), 16)


def single(field: Field, text: str) -> int:
    """The value of a field, without a mask."""
    if field.oxm == "in_port":
        return port(text)
    if field.kind is Kind.ADDRESS:
        return address(text)
    if field.kind is Kind.MAC:
        return mac(text)
    return number(text) >> 2 if field.kind is Kind.TOS else number(text)


def mask_of(field: Field, text: str) -> int:
    """The mask of a field; for an address also the length of a prefix."""
    if field.kind is Kind.ADDRESS and text.isdecimal():
        length = int(text)
        if length > 32:
            raise ValueError(f"/{length} is longer than an address")
        return field.full_mask ^ (field.full_mask >> length)
    return single(field, text)


def masked(field: Field, value: str, mask: str) -> tuple[int, int]:
    """What a match on the field compares: the value, cut to the mask, and the mask.

    Raises:
        ValueError: the text is no such value, or too wide for the field.
    """
    if field.kind is Kind.FRAGMENT and not mask and value in _FRAGMENTS:
        wanted, care = _FRAGMENTS[value]
        return wanted, field.full_mask if care == 3 else care
    if field.kind is Kind.FLAGS and value[:1] in ("+", "-"):
        return _flags(field, value)
    wanted, care = single(field, value), mask_of(field, mask) if mask else field.full_mask
    if not 0 <= wanted <= field.full_mask or not 0 <= care <= field.full_mask:
        raise ValueError(f"{value}{'/' if mask else ''}{mask} is wider than {8 * field.bytes} bits")
    return wanted & care, care


def _flags(field: Field, text: str) -> tuple[int, int]:
    wanted = care = 0
    if "".join(sign + name for sign, name in _FLAG.findall(text)) != text:
        raise ValueError(f"{text!r} is no list of +flag and -flag")
    for sign, name in _FLAG.findall(text):
        if name not in field.flags:
            raise ValueError(f"no flag {name!r}, expected one of {', '.join(field.flags)}")
        bit = 1 << field.flags.index(name)
        if care & bit:
            raise ValueError(f"flag {name!r} twice")
        care |= bit
        wanted |= bit if sign == "+" else 0
    return wanted, care
