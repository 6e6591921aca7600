"""The shape of a rule: its line without the values, its message with a gap for each.

os-ken takes 0.1 to 0.4 ms for a rule. Rules that differ in their values alone differ, on the wire, in a few bytes at
fixed places. So a shape is compiled by os-ken once, with marks for values; where the marks come out is where the
values belong. A shape is only used if that is unambiguous and if filling in the values of a second rule gives the
bytes that os-ken gives for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import pairwise
from socket import inet_aton
from struct import Struct
from struct import error as StructError
from typing import Any

from sdn.openflow.fields import BY_NAME, BY_NXM
from sdn.openflow.flowmod import HEADER_SIZE, FlowMod, match_end, message_key
from sdn.openflow.refusal import RuleRefused
from sdn.pipeline.fields import FIELDS as WRITTEN

# A value stands behind = : or the bracket of conjunction( and is a MAC, an IPv4 address or a number. Those of one
# byte and those that are not sent as they stand are left in the shape: they are few.
_VALUE = re.compile(
    r"(?:(?<=[=:])|(?<=conjunction\())(?<!nw_proto=)(?<!icmp_type=)(?<!icmp_code=)(?<!arp_op=)(?<!note:)"
    r"(?<![/:][0-9a-f][0-9a-f]:)"
    r"([0-9a-f]{2}(?::[0-9a-f]{2}){5}|\d+\.\d+\.\d+\.\d+|0x[0-9a-f]+|\d+)(?![\w.])"
)
_NAME = re.compile(r"(\w+)[=:(]$")
_LOAD_TARGET = re.compile(r"->(\w+)\[(?:(\d+)(?:\.\.(\d+))?)?\]")
_SET_TARGET = re.compile(r"->(\w+)")
_MASK = re.compile(r"/([\w.:]+)")
_WIDTHS = {
    "cookie": 8,
    "priority": 2,
    "output": 4,
    "group": 4,
    "conjunction": 4,
    "zone": 2,
    "tp_src": 2,
    "tp_dst": 2,
}
_TRIES = 4  # marks of two bytes may stand somewhere else by chance
_PORT_BITS = 0x7FFF  # above are the reserved ports, which are not sent as they are written
_FORMATS = {2: "H", 4: "I", 8: "Q"}


def take_apart(line: str) -> list[str]:
    """Split a rule's line into what belongs to its shape (even places) and its values (odd places)."""
    return _VALUE.split(line)


@dataclass(frozen=True)
class Gap:
    """Where one value goes: how its text is read and written, as what it is packed, which of its bits may be set.

    `mask` is what follows the value in the message.
    """

    read: Callable[[str], int]
    write: Callable[[int], str]
    size: int
    allowed: int
    mask: bytes = b""


class Shape:
    """A message with gaps. `fill` needs a few microseconds."""

    def __init__(self, gaps: Sequence[Gap], offsets: Sequence[int], message: bytes) -> None:
        self._readers = [(gap.read, ~gap.allowed) for gap in gaps]
        self._match_end = match_end(message)
        order = sorted(range(len(gaps)), key=offsets.__getitem__)
        pieces: list[Any] = []
        form, at = ">", 0
        for index in order:
            offset, size = offsets[index], gaps[index].size
            form += f"{offset - at}s{_FORMATS.get(size, '6s')}"
            pieces.append(message[at:offset])
            at = offset + size
        self._struct = Struct(f"{form}{len(message) - at}s")
        self._pieces = [
            *(piece for pair in zip(pieces, [b""] * len(pieces), strict=True) for piece in pair),
            message[at:],
        ]
        self._places = [2 * order.index(index) + 1 for index in range(len(gaps))]
        self._macs = [gap.size == 6 for gap in gaps]

    def fill(self, line: str, values: Sequence[str]) -> FlowMod | None:
        """The message of the rule with these values; None if one of them is beyond what the shape can say."""
        pieces = self._pieces.copy()
        try:
            for text, (read, forbidden), place, mac in zip(
                values, self._readers, self._places, self._macs, strict=True
            ):
                value = read(text)
                if value & forbidden:
                    return None
                pieces[place] = value.to_bytes(6) if mac else value
            message = self._struct.pack(*pieces)
        except (ValueError, OSError, StructError):
            return None
        return FlowMod(line, message[HEADER_SIZE:], message_key(message, self._match_end))


def learn(parts: Sequence[str], example: bytes, encode: Callable[[str], bytes]) -> Shape | None:
    """Find the shape of the rule that `take_apart` gave and whose message is `example`; None if it is not safe.

    `encode` is the slow, right way from a line to its message.
    """
    found = [
        _gap(before, text, after) for before, text, after in zip(parts[::2], parts[1::2], parts[2::2], strict=False)
    ]
    gaps = [gap for gap in found if gap is not None]
    if len(gaps) < len(found):
        return None
    for salt in range(_TRIES):
        shape = _find(parts, gaps, salt, encode)
        if shape is not None:
            filled = shape.fill("", parts[1::2])
            return shape if filled is not None and filled.body == example[HEADER_SIZE:] else None
    return None


def _find(parts: Sequence[str], gaps: Sequence[Gap], salt: int, encode: Callable[[str], bytes]) -> Shape | None:
    """The shape, if with the marks of `salt` every mark is found in one place."""
    marks = [_mark(salt, index, gap) for index, gap in enumerate(gaps)]
    marked = [*parts]
    marked[1::2] = [gap.write(mark) for gap, mark in zip(gaps, marks, strict=True)]
    try:
        message = encode("".join(marked))
    except RuleRefused:
        return None
    places = [_offset(message, mark, gap) for gap, mark in zip(gaps, marks, strict=True)]
    offsets = [offset for offset in places if offset is not None]
    if len(offsets) < len(places) or _overlap(offsets, gaps):
        return None
    return Shape(gaps, offsets, message)


def _gap(before: str, text: str, after: str) -> Gap | None:
    """What goes where `text` stands, judged by the words around it; None if that is not known."""
    name = found[1] if (found := _NAME.search(before)) else before
    field = found[1] if name == "set_field" and (found := _SET_TARGET.search(after)) else name
    mask = found[1] if (found := _MASK.match(after)) else ""
    if ":" in text:
        return _masked(Gap(_mac, _mac_text, 6, (1 << 48) - 1), field, mask)
    if "." in text:
        return _masked(Gap(_address, _address_text, 4, (1 << 32) - 1), field, mask)
    if name == "load":
        return Gap(_number, str, 8, _loadable(after))
    if before == ":":
        return Gap(int, str, 2, 0xFFFF)
    size = _WIDTHS.get(name) or _WIDTHS.get(field) or (BY_NAME[field].bytes if field in BY_NAME else 0)
    if size not in _FORMATS:
        return None
    bits = _PORT_BITS if name in ("in_port", "output") else (1 << 8 * size) - 1
    return _masked(Gap(_number, str, size, bits), field, mask)


def _masked(gap: Gap, field: str, mask: str) -> Gap | None:
    if not mask:
        return gap
    try:
        bits = WRITTEN[field].mask(mask)
    except (KeyError, ValueError):
        return None
    exact = bits == (1 << 8 * gap.size) - 1
    return replace(gap, allowed=bits, mask=b"" if exact else bits.to_bytes(gap.size))


def _loadable(after: str) -> int:
    """The bits that a value may have: as many as there are in what it is loaded into."""
    found = _LOAD_TARGET.match(after)
    field = BY_NXM.get(found[1]) if found else None
    if found is None or field is None or field.bytes > 8:
        return 0
    first = int(found[2] or 0)
    last = int(found[3] or found[2] or 8 * field.bytes - 1)
    return (1 << (last - first + 1)) - 1


def _number(text: str) -> int:
    return int(text, 0)


def _address(text: str) -> int:
    return int.from_bytes(inet_aton(text))


def _mac(text: str) -> int:
    return int(text.replace(":", ""), 16)


def _address_text(value: int) -> str:
    return ".".join(map(str, value.to_bytes(4)))


def _mac_text(value: int) -> str:
    return value.to_bytes(6).hex(":")


def _mark(salt: int, index: int, gap: Gap) -> int:
    """A value that stands out: every gap's is another, and no part of one is in another."""
    wanted = int.from_bytes(sha256(bytes((salt, index))).digest()[: gap.size]) & gap.allowed
    return wanted or gap.allowed & -gap.allowed


def _offset(message: bytes, mark: int, gap: Gap) -> int | None:
    """The one place where the mark stands; None if there is no such place, or more."""
    wanted = mark.to_bytes(gap.size) + gap.mask
    offset = message.find(wanted, HEADER_SIZE)
    return None if not mark or offset < 0 or message.find(wanted, offset + 1) >= 0 else offset


def _overlap(offsets: Sequence[int], gaps: Sequence[Gap]) -> bool:
    spans = sorted((offset, offset + gap.size) for offset, gap in zip(offsets, gaps, strict=True))
    return any(end > start for (_, end), (start, _) in pairwise(spans))
