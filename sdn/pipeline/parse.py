"""One line of text to one rule, checked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from sdn.errors import PipelineError
from sdn.pipeline.actions import Actions, read_actions
from sdn.pipeline.fields import PROTOCOLS, check_needs, number, read_match
from sdn.pipeline.flow import Flow, Identity, Origin
from sdn.pipeline.provenance import cookie_of
from sdn.pipeline.tables import Tables

_ACTIONS = re.compile(r"(?:^|[, ]) *actions *= *")
_NOWHERE = Origin("line", 0)
_NO_REFS: Mapping[int, str] = MappingProxyType({})


def parse_flow(line: str, tables: Tables, origin: Origin | None = None) -> Flow:
    """The rule that `line` says; its cookie is taken as it stands.

    Raises:
        PipelineError: something in it is wrong; the message begins with `origin`.
    """
    where = origin or _NOWHERE
    try:
        return _parse(line, tables, where, None)
    except ValueError as error:
        raise PipelineError(str(where), f"{error}\n  in: {line.strip()}") from None


def parse_rendered(line: str, tables: Tables, origin: Origin, refs: Mapping[int, str] = _NO_REFS) -> Flow:
    """The rule that a rendered line says. Its cookie, an object's number, becomes the one that tells its origin too."""
    try:
        return _parse(line, tables, origin, refs)
    except ValueError as error:
        raise PipelineError(str(origin), f"{error}\n  in: {line.strip()}") from None


def _parse(line: str, tables: Tables, origin: Origin, refs: Mapping[int, str] | None) -> Flow:
    halves = _ACTIONS.split(line, maxsplit=1)
    if len(halves) < 2:
        raise ValueError("no actions=")
    keys = {"table": "", "priority": "", "cookie": ""}
    parts = []
    for part in halves[0].split(","):
        text = part.strip()
        name, equals, value = text.partition("=")
        if name in keys:
            if not value or keys[name]:
                raise ValueError(f"{name} stands twice" if value else f"{name} has no value")
            keys[name] = value
        elif text or equals:
            parts.append(text)
    if not keys["table"]:
        raise ValueError("no table=")
    if not keys["priority"]:
        raise ValueError("no priority=; Open vSwitch would take 32768")
    table, priority = tables.number(keys["table"]), _bounded("priority", keys["priority"], 16)
    cookie = _bounded("cookie", keys["cookie"] or "0", 64)
    if refs is not None:
        origin = origin._replace(object=refs.get(cookie, "")) if cookie else origin
        cookie = cookie_of(table, origin.line, cookie)
    match = read_match(parts)
    actions = read_actions(halves[1].strip())
    _check_actions(actions, table, keys["table"], tables, [f.name for f in match.fields if f.name in PROTOCOLS])
    head = f"cookie={cookie:#x},table={keys['table']},priority={priority}"
    text = ",".join([head, *map(str, match.fields)])
    return Flow(
        f"{text},actions={','.join(map(str, actions.actions))}",
        keys["table"],
        table,
        priority,
        match.fields,
        actions.actions,
        cookie,
        Identity(table, priority, match.identity),
        origin,
    )


def _bounded(name: str, text: str, bits: int) -> int:
    found = number(text)
    if found >> bits:
        raise ValueError(f"{name}: {text} is too wide, expected {bits} bits")
    return found


def _check_actions(actions: Actions, table: int, name: str, tables: Tables, protocols: list[str]) -> None:
    for other in actions.tables:
        tables.number(other)
    if actions.goto and tables.number(actions.goto) <= table:
        raise ValueError(f"goto_table:{actions.goto} does not lead onward from {name}")
    for need in actions.needs:
        check_needs(need, protocols)
