"""One line of text to one rule, checked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType

from sdn.errors import PipelineError
from sdn.pipeline.actions import Actions, read_actions
from sdn.pipeline.fields import PROTOCOLS, Match, check_needs, read_match
from sdn.pipeline.flow import Flow, Identity, Origin
from sdn.pipeline.provenance import cookie_of
from sdn.pipeline.tables import Tables
from sdn.pipeline.words import number

LINES = 1 << 15  # how many lines are remembered; about 1 kB each, most of which their readers keep anyway

_ACTIONS = re.compile(r"[, ]\s*actions=\s*")
_COOKIE = re.compile(r"\bcookie=(0x[0-9a-f]{1,10})\b")
_KEYS = frozenset({"table", "priority", "cookie"})
_NOWHERE = Origin("line", 0)
_NO_REFS: Mapping[int, str] = MappingProxyType({})


def parse_flow(line: str, tables: Tables, origin: Origin | None = None) -> Flow:
    """The rule that `line` says; its cookie is taken as it stands.

    Raises:
        PipelineError: something in it is wrong; the message begins with `origin`.
    """
    return _parse(line, tables, origin or _NOWHERE, False)


def parse_rendered(line: str, tables: Tables, origin: Origin, refs: Mapping[int, str] = _NO_REFS) -> Flow:
    """The rule that a rendered line says. Its cookie, an object's number, becomes the one that tells its origin too.

    Raises:
        PipelineError: something in it is wrong; the message begins with `origin`.
    """
    cookie = _COOKIE.search(line)
    if cookie:
        origin = Origin(origin.file, origin.line, refs.get(int(cookie[1], 16), ""))
    return _parse(line, tables, origin, True)


@lru_cache(LINES)
def _parse(line: str, tables: Tables, origin: Origin, compose: bool) -> Flow:
    try:
        return _read(line, tables, origin, compose)
    except ValueError as error:
        raise PipelineError(str(origin), f"{error}\n  in: {line.strip()}") from None


def _read(line: str, tables: Tables, origin: Origin, compose: bool) -> Flow:
    halves = _ACTIONS.split(line, maxsplit=1)
    if len(halves) < 2:
        raise ValueError("no actions=")
    keys, parts = _keys_and_parts(halves[0])
    name = keys.get("table", "")
    table = tables.number(name)
    if "priority" not in keys:
        raise ValueError("no priority=; Open vSwitch would take 32768")
    priority = _bounded("priority", keys["priority"], 16)
    cookie = _bounded("cookie", keys.get("cookie", "0"), 64)
    if compose:
        cookie = cookie_of(table, origin.line, cookie)
    match = read_match(parts)
    actions = read_actions(halves[1].rstrip())
    _check_actions(match, actions, name, tables)
    comma = "," if match.text else ""
    return Flow(
        f"cookie={cookie:#x},table={name},priority={priority}{comma}{match.text},actions={actions.text}",
        name,
        table,
        priority,
        match.fields,
        actions.actions,
        cookie,
        Identity(table, priority, match.identity),
        origin,
    )


def _keys_and_parts(text: str) -> tuple[dict[str, str], list[str]]:
    """What comes before the actions: the rule's own keys, and the parts of its match."""
    keys: dict[str, str] = {}
    parts = []
    for part in _split(text):
        name, _, value = part.partition("=")
        if name not in _KEYS:
            parts.append(part)
        elif name in keys or not value:
            raise ValueError(f"{name} stands twice" if value else f"{name} has no value")
        else:
            keys[name] = value
    return keys, parts


def _split(text: str) -> Iterator[str]:
    return filter(None, map(str.strip, text.split(",")))


def _bounded(name: str, text: str, bits: int) -> int:
    found = number(text)
    if found >> bits:
        raise ValueError(f"{name}: {text} is too wide, expected {bits} bits")
    return found


def _check_actions(match: Match, actions: Actions, table: str, tables: Tables) -> None:
    for other in actions.tables:
        tables.number(other)
    if actions.goto and tables.number(actions.goto) <= tables.number(table):
        raise ValueError(f"goto_table:{actions.goto} does not lead onward from {table}")
    if actions.needs:
        protocols = [field.name for field in match.fields if field.name in PROTOCOLS]
        for need in actions.needs:
            check_needs(need, protocols)
