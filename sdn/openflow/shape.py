"""The shape of a rule: its line without the values, its message with a gap for each.

os-ken takes 0.1 to 0.4 ms for a rule. Rules that differ in their values alone differ, on the wire, in a few bytes at
fixed places. So a shape is compiled by os-ken once, with marks for values; where the marks come out is where the
values belong. A shape is only used if that is unambiguous and if filling in the values of a second rule gives the
bytes that os-ken gives for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
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
    r"(?<=[=:(])(?<!nw_proto=)(?<!icmp_type=)(?<!icmp_code=)(?<!arp_op=)(?<!note:)"
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
    ":": 2,
}
_PORT_BITS = 0x7FFF  # above are the reserved ports, which are not sent as they are written
_FORMATS = {2: "H", 4: "I", 8: "Q"}


def take_apart(line: str) -> list[str]:
    """Split a rule's line into what belongs to its shape (even places) and its values (odd places)."""
    return _VALUE.split(line)


@dataclass(frozen=True)
class Gap:
    """Where one value goes: how its text is read, as what it is packed, and which of its bits may be set."""

    read: Callable[[str], int]
    bytes: int
    allowed: int
    write: Callable[[int], str]


class Shape:
    """A message with gaps. `fill` needs a few microseconds."""

    def __init__(self, gaps: Sequence[Gap], offsets: Sequence[int], message: bytes) -> None:
        self._readers = [(gap.read, ~gap.allowed) for gap in gaps]
        self._match_end = match_end(message)
        order = sorted(range(len(gaps)), key=offsets.__getitem__)
        pieces: list[Any] = []
        form, at = ">", 0
        for index in order:
            offset, size = offsets[index], gaps[index].bytes
            form += f"{offset - at}s{_FORMATS.get(size, '6s')}"
            pieces.append(message[at:offset])
            at = offset + size
        self._struct = Struct(f"{form}{len(message) - at}s")
        self._pieces = [
            *(piece for pair in zip(pieces, [b""] * len(pieces), strict=True) for piece in pair),
            message[at:],
        ]
        self._places = [2 * order.index(index) + 1 for index in range(len(gaps))]
        self._macs = [gap.bytes == 6 for gap in gaps]

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
    gaps = [
        _gap(before, text, after) for before, text, after in zip(parts[::2], parts[1::2], parts[2::2], strict=False)
    ]
    known = [gap for gap in gaps if gap is not None]
    if len(known) < len(gaps):
        return None
    marks = [_mark(index, gap) for index, gap in enumerate(known)]
    marked = [*parts]
    marked[1::2] = [gap.write(mark) for gap, mark in zip(known, marks, strict=True)]
    try:
        message = encode("".join(marked))
    except RuleRefused:
        return None
    offsets = [_offset(message, mark.to_bytes(gap.bytes)) for gap, mark in zip(known, marks, strict=True)]
    if None in offsets:
        return None
    places = [offset for offset in offsets if offset is not None]
    if _overlap(places, known):
        return None
    shape = Shape(known, places, message)
    filled = shape.fill("", parts[1::2])
    return shape if filled is not None and filled.body == example[HEADER_SIZE:] else None


def _gap(before: str, text: str, after: str) -> Gap | None:
    """What goes where `text` stands, judged by the words around it; None if that is not known."""
    name = found[1] if (found := _NAME.search(before)) else before
    field = found[1] if name == "set_field" and (found := _SET_TARGET.search(after)) else name
    mask = found[1] if (found := _MASK.match(after)) else ""
    if ":" in text:
        return Gap(_mac, 6, _allowed(field, mask, 6), lambda value: value.to_bytes(6).hex(":"))
    if "." in text:
        return Gap(_address, 4, _allowed(field, mask, 4), lambda value: ".".join(map(str, value.to_bytes(4))))
    if name == "load":
        return Gap(_number, 8, _loadable(after), str)
    size = _WIDTHS.get(name) or (BY_NAME[field].bytes if field in BY_NAME else 0)
    if size not in _FORMATS:
        return None
    return Gap(_number, size, _PORT_BITS if name in ("in_port", "output") else _allowed(field, mask, size), str)


def _allowed(field: str, mask: str, size: int) -> int:
    """The bits that a value may have: those under its mask."""
    try:
        return WRITTEN[field].mask(mask) if mask else (1 << 8 * size) - 1
    except (KeyError, ValueError):
        return 0


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


def _mark(index: int, gap: Gap) -> int:
    """A value that stands out: every gap's is another, and no part of one is in another."""
    return int.from_bytes(sha256(bytes((index,))).digest()[: gap.bytes]) & gap.allowed


def _offset(message: bytes, mark: bytes) -> int | None:
    offset = message.find(mark, HEADER_SIZE)
    return None if offset < 0 or message.find(mark, offset + 1) >= 0 or not any(mark) else offset


def _overlap(offsets: Sequence[int], gaps: Sequence[Gap]) -> bool:
    spans = sorted((offset, offset + gap.bytes) for offset, gap in zip(offsets, gaps, strict=True))
    return any(end > start for (_, end), (start, _) in pairwise(spans))
