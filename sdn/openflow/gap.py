"""What may stand in a rule's line where a value stands, and what becomes of it in the message."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from socket import inet_aton
from types import MappingProxyType

from os_ken.ofproto import ofproto_v1_4 as ofproto

from sdn.openflow.fields import BY_NAME, BY_NXM, NARROW, Field
from sdn.pipeline.fields import FIELDS as WRITTEN

_NAME = re.compile(r"\w+$")
_LOAD_TARGET = re.compile(r"->(\w+)\[(?:(\d+)(?:\.\.(\d+))?)?\]")
_SET_TARGET = re.compile(r"->(\w+)")
_MASK = re.compile(r"/([\w.:]+)")
_PORT_BITS = 0x7FFF  # above are the reserved ports, which are not sent as they are written
_LIMITS: Mapping[str, int] = MappingProxyType(
    {"in_port": _PORT_BITS, "output": _PORT_BITS, "resubmit": _PORT_BITS, "group": 0x7FFFFFFF}
)
_FORMS: Mapping[int, str] = MappingProxyType({1: "B", 2: "H", 4: "I", 8: "Q"})
_NARROWER = (("h", 2, 0x7FFF), ("B", 1, 0xFF), ("H", 2, 0xFFFF), ("I", 4, 0xFFFFFFFF))  # what struct itself can limit
_number = partial(int, base=0)

# Numbers that are no match fields: how many bytes they have
_SIZES: Mapping[str, int] = MappingProxyType(
    {
        "cookie": 8,
        "priority": 2,
        "output": 4,
        "resubmit": 2,
        "group": 4,
        "conjunction": 4,
        "zone": 2,
        "tp_src": 2,
        "tp_dst": 2,
    }
)


@dataclass(frozen=True)
class Gap:
    """How a value is packed (by struct, as `form`; ValueError if it cannot be), and how one is written.

    `allowed` are the bits that it may have. `before` and `behind` are what stands beside it in the message.
    """

    pack: Callable[[str], int | bytes]
    form: str
    write: Callable[[int], str]
    size: int
    allowed: int
    before: bytes = b""
    behind: bytes = b""


def gap_at(before: str, sign: str, text: str, after: str) -> Gap | None:
    """What goes where `text` stands, judged by the words around it; None if that is not known."""
    name = found[0] if (found := _NAME.search(before)) else ""
    field = found[1] if name == "set_field" and (found := _SET_TARGET.search(after)) else name
    mask = found[1] if (found := _MASK.match(after)) else ""
    if ":" in text:
        return _in_field(Gap(_mac, "6s", _mac_text, 6, (1 << 48) - 1), field, mask)
    if "." in text:
        return _in_field(Gap(inet_aton, "4s", _address_text, 4, (1 << 32) - 1), field, mask)
    if name == "load":
        return _limited(_numeric(8), _loadable(after))
    if not before and sign == ":":  # the port behind an address, which is written in decimal digits
        return replace(_numeric(2), pack=int)
    size = _SIZES.get(field) or (BY_NAME[field].size if field in BY_NAME else 0)
    if size not in _FORMS:
        return None
    bits = _LIMITS.get(name, NARROW.get(field, -1))
    gap = _numeric(size)
    return _in_field(_limited(gap, gap.allowed & bits), field, mask)


def _numeric(size: int) -> Gap:
    return Gap(_number, _FORMS[size], str, size, (1 << 8 * size) - 1)


def _in_field(gap: Gap, name: str, mask: str) -> Gap | None:
    """The gap of a value that is, or may be, a match field's: its header stands before it, its mask behind it."""
    field, bits = BY_NAME.get(name), (1 << 8 * gap.size) - 1
    if mask:
        try:
            bits = WRITTEN[name].mask(mask)
        except (KeyError, ValueError):
            return None
    exact = bits == (1 << 8 * gap.size) - 1
    before = _header(field, exact) if field else b""
    behind = b"" if exact else bits.to_bytes(gap.size)
    return replace(_limited(gap, bits & gap.allowed), before=before, behind=behind)


def _header(field: Field, exact: bool) -> bytes:
    """What stands before the field's value in a match or a set_field; nothing if it is not of the plain kind."""
    number = ofproto.oxm_from_user_header(field.oxm)
    if not isinstance(number, int):
        return b""
    return (number << 9 | (not exact) << 8 | field.size * (1 if exact else 2)).to_bytes(4)


def _limited(gap: Gap, allowed: int) -> Gap:
    """The gap, for values of these bits only."""
    if allowed == gap.allowed:
        return gap
    for form, size, limit in _NARROWER:
        if allowed == limit and gap.form == _FORMS.get(gap.size):
            return replace(gap, form=f"{gap.size - size}x{form}", allowed=allowed)
    pack, forbidden = gap.pack, ~allowed

    def limited(text: str) -> int | bytes:
        value = pack(text)
        if (value if isinstance(value, int) else int.from_bytes(value)) & forbidden:
            raise ValueError(text)
        return value

    return replace(gap, pack=limited, allowed=allowed)


def _loadable(after: str) -> int:
    """The bits that a value may have: as many as there are in what it is loaded into."""
    found = _LOAD_TARGET.match(after)
    field = BY_NXM.get(found[1]) if found else None
    if found is None or field is None or field.size > 8:
        return 0
    first = int(found[2] or 0)
    last = int(found[3] or found[2] or 8 * field.size - 1)
    return (1 << (last - first + 1)) - 1


def _mac(text: str) -> bytes:
    return bytes.fromhex(text.replace(":", ""))


def _mac_text(value: int) -> str:
    return value.to_bytes(6).hex(":")


def _address_text(value: int) -> str:
    return ".".join(map(str, value.to_bytes(4)))
