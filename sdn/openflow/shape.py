"""The shape of a rule: its line without the values, its message with a gap for each.

os-ken takes 0.1 to 0.4 ms for a rule. Rules that differ in their values alone differ, on the wire, in a few bytes at
fixed places. So a shape is compiled by os-ken once, with marks for values; where the marks come out is where the
values belong. A shape is only used if that is unambiguous and if filling in the values of a second rule gives the
bytes that os-ken gives for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from hashlib import sha256
from itertools import pairwise
from struct import Struct
from struct import error as StructError
from typing import Any

from sdn.openflow.flowmod import HEADER_SIZE, FlowMod, match_end, message_key
from sdn.openflow.gap import Gap, gap_at
from sdn.openflow.refusal import RuleRefused

# A value stands behind = : or a bracket and is a MAC, an IPv4 address or a number; inside a mask there is none.
_VALUE = re.compile(
    r"([=:(])(?<![/:][0-9a-f][0-9a-f]:)"
    r"(0x[0-9a-f]+|[0-9a-f]{2}(?::[0-9a-f]{2}){5}|\d+(?:\.\d+){3}|\d+)(?![\w.])"
)
_TRIES = 4  # marks of two bytes may stand somewhere else by chance


class Words:
    """A rule's line, taken apart into what belongs to its shape and its values."""

    __slots__ = ("shape", "values")

    def __init__(self, line: str) -> None:
        parts = _VALUE.split(line)
        self.values: list[str] = parts[2::3]
        self.shape: tuple[str, ...] = (*parts[::3], *parts[1::3])

    def gaps(self) -> list[Gap | None]:
        """What goes where each value stands; None where that is not known."""
        count = len(self.values)
        texts, signs = self.shape[: count + 1], self.shape[count + 1 :]
        around = zip(texts, signs, self.values, texts[1:], strict=False)
        return [gap_at(before, sign, value, after) for before, sign, value, after in around]

    def line(self, values: Sequence[str]) -> str:
        """The line with other values."""
        count = len(self.values)
        texts, signs = self.shape[: count + 1], self.shape[count + 1 :]
        return texts[0] + "".join(
            sign + value + text for sign, value, text in zip(signs, values, texts[1:], strict=True)
        )


class Shape:
    """A message with gaps. `fill` needs a few microseconds."""

    def __init__(self, gaps: Sequence[Gap], offsets: Sequence[int], message: bytes) -> None:
        order = sorted(range(len(gaps)), key=offsets.__getitem__)
        self._pieces: list[Any] = []
        form, at = ">", 0
        for index in order:
            offset, gap = offsets[index], gaps[index]
            form += f"{offset - at}s{gap.form}"
            self._pieces += [message[at:offset], None]
            at = offset + gap.size
        self._pieces.append(message[at:])
        self._struct = Struct(f"{form}{len(message) - at}s")
        self._gaps = [(gap.pack, 2 * order.index(index) + 1) for index, gap in enumerate(gaps)]
        self._match_end = match_end(message)

    def fill(self, line: str, values: Sequence[str]) -> FlowMod | None:
        """The message of the rule with these values; None if one of them is beyond what the shape can say."""
        pieces = self._pieces.copy()
        try:
            for text, (pack, place) in zip(values, self._gaps, strict=True):
                pieces[place] = pack(text)
            message = self._struct.pack(*pieces)
        except (ValueError, OSError, StructError):
            return None
        return FlowMod(line, message[HEADER_SIZE:], message_key(message, self._match_end))


def learn(words: Words, example: bytes, encode: Callable[[str], bytes]) -> Shape | None:
    """Find the shape of a rule whose message is `example`; None if it is not safe.

    `encode` is the slow, right way from a line to its message.
    """
    found = words.gaps()
    gaps = [gap for gap in found if gap is not None]
    if len(gaps) < len(found):
        return None
    for salt in range(_TRIES):
        shape = _find(words, gaps, salt, encode)
        if shape is not None:
            filled = shape.fill("", words.values)
            return shape if filled is not None and filled.body == example[HEADER_SIZE:] else None
    return None


def _find(words: Words, gaps: Sequence[Gap], salt: int, encode: Callable[[str], bytes]) -> Shape | None:
    """The shape, if with the marks of `salt` every mark is found in one place."""
    marks = [_mark(salt, index, gap) for index, gap in enumerate(gaps)]
    try:
        message = encode(words.line([gap.write(mark) for gap, mark in zip(gaps, marks, strict=True)]))
    except RuleRefused:
        return None
    places = [_offset(message, mark, gap) for gap, mark in zip(gaps, marks, strict=True)]
    offsets = [offset for offset in places if offset is not None]
    if len(offsets) < len(places) or _overlap(offsets, gaps):
        return None
    return Shape(gaps, offsets, message)


def _mark(salt: int, index: int, gap: Gap) -> int:
    """A value that stands out: every gap's is another, and no part of one is in another."""
    wanted = int.from_bytes(sha256(bytes((salt, index))).digest()[: gap.size]) & gap.allowed
    return wanted or gap.allowed & -gap.allowed


def _offset(message: bytes, mark: int, gap: Gap) -> int | None:
    """The one place where the mark stands; None if there is no such place, or more."""
    wanted = gap.before + mark.to_bytes(gap.size) + gap.behind
    offset = message.find(wanted, HEADER_SIZE)
    if not mark or offset < 0 or message.find(wanted, offset + 1) >= 0:
        return None
    return offset + len(gap.before)


def _overlap(offsets: Sequence[int], gaps: Sequence[Gap]) -> bool:
    spans = sorted((offset, offset + gap.size) for offset, gap in zip(offsets, gaps, strict=True))
    return any(end > start for (_, end), (start, _) in pairwise(spans))
