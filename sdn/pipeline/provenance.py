"""The cookie of a rule says where it comes from: 8 bits of table, 16 of the line in its file, 40 of the object."""

from __future__ import annotations

from collections.abc import Mapping

from sdn.pipeline.flow import Origin
from sdn.pipeline.tables import Tables

OBJECT_BITS = 40
LINE_BITS = 16


def cookie_of(number: int, line: int, object_number: int) -> int:
    """The cookie of a rule of table `number` from `line` of its file for an object (0: the node itself).

    Raises:
        ValueError: line or object do not fit.
    """
    if line >> LINE_BITS:
        raise ValueError(f"line {line} does not fit a cookie, a file has {(1 << LINE_BITS) - 1} at most")
    if object_number >> OBJECT_BITS:
        raise ValueError(f"cookie {object_number:#x} is not an object's number, which has {OBJECT_BITS} bits")
    return number << (LINE_BITS + OBJECT_BITS) | line << OBJECT_BITS | object_number


def provenance(cookie: int, tables: Tables, refs: Mapping[int, str]) -> Origin:
    """Where the rule with this cookie comes from; `refs` gives objects' names by their numbers.

    A cookie that no rule of these tables can have gives the origin `unknown`, line 0.
    """
    line = cookie >> OBJECT_BITS & ((1 << LINE_BITS) - 1)
    table = tables.by_number.get(cookie >> (LINE_BITS + OBJECT_BITS))
    if table is None or not line:
        return Origin("unknown", 0)
    number = cookie & ((1 << OBJECT_BITS) - 1)
    return Origin(table.file, line, refs.get(number, f"object {number:#x}") if number else "")
