"""What stands inside ct(…)."""

from __future__ import annotations

import re

from sdn.pipeline.fields import FIELDS
from sdn.pipeline.words import address, split, unknown
from sdn.pipeline.writes import WRITERS, Found

_NAT = re.compile(r"nat(?:\((src|dst)=([0-9.]+)(?:-([0-9.]+))?(?::([0-9]+)(?:-([0-9]+))?)?(,[a-z,]+)?\))?")
_NAT_WORDS = frozenset({"random", "hash", "persistent"})


def read_ct(argument: str) -> Found:
    """Check the argument of ct; the tables that it names, and what it needs. ValueError if it is wrong."""
    tables: list[str] = []
    seen: set[str] = set()
    for part in split(argument) if argument else ():
        name = re.split(r"[=(]", part, maxsplit=1)[0]
        if name in seen:
            raise ValueError(f"ct: {name} stands twice")
        seen.add(name)
        if name == "table":
            tables.append(part.removeprefix("table="))
        else:
            _check_ct_part(name, part)
    if "commit" not in seen and (seen & {"exec", "force"} or "nat(" in argument):
        raise ValueError("ct: exec, force and nat(…) need commit")
    if "zone" not in seen:
        raise ValueError("ct: no zone; the one without a number is shared with whoever else uses this switch")
    return tables, {"ct"}


def _check_ct_part(name: str, part: str) -> None:
    if name == "zone":
        FIELDS["ct_zone"].value(part.removeprefix("zone="))
    elif name == "nat":
        _check_nat(part)
    elif name == "exec":
        _check_exec(part)
    elif part not in ("commit", "force"):
        raise unknown("part of ct", part, ["commit", "force", "zone", "table", "nat", "exec"])


def _check_nat(text: str) -> None:
    found = _NAT.fullmatch(text)
    if not found:
        raise ValueError(f"ct: found {text!r}, expected nat or nat(src=ADDRESS) or nat(dst=ADDRESS:PORT)")
    for part in filter(None, found.group(2, 3)):
        address(part)
    for part in filter(None, found.group(4, 5)):
        FIELDS["tp_dst"].value(part)
    words = (found[6] or "").strip(",").split(",")
    if not set(words) <= _NAT_WORDS | {""}:
        raise ValueError(f"ct: found {', '.join(words)}, expected {', '.join(sorted(_NAT_WORDS))}")


def _check_exec(text: str) -> None:
    found = re.fullmatch(r"exec\((.*)\)", text)
    if not found:
        raise ValueError(f"ct: found {text!r}, expected exec(ACTIONS)")
    for part in split(found[1]):
        action, _, written = part.partition(":")
        if action not in WRITERS:
            raise ValueError(f"ct: exec does not take {action}, expected {', '.join(WRITERS)}")
        WRITERS[action](written, True)
