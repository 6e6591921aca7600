"""What a rule may do: the actions of ovs-actions(7) that this pipeline uses."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

from sdn.pipeline.conntrack import read_ct
from sdn.pipeline.fields import CACHE, FIELDS
from sdn.pipeline.words import number, port, split, unknown
from sdn.pipeline.writes import WRITERS, Found, slice_of


class Action(NamedTuple):
    """One action: `goto_table:route` is ("goto_table", "route"); `drop` is ("drop", "")."""

    name: str
    argument: str

    def __str__(self) -> str:
        if self.name in _BRACKETS:
            return f"{self.name}({self.argument})" if self.argument else self.name
        return f"{self.name}:{self.argument}" if self.argument else self.name


class Actions(NamedTuple):
    """All that a rule does. `tables` are those it names, `needs` the fields that the packet must have."""

    text: str
    actions: tuple[Action, ...]
    goto: str
    tables: tuple[str, ...]
    needs: frozenset[str]


_BRACKETS = frozenset({"ct", "resubmit", "conjunction"})


@lru_cache(CACHE)
def read_actions(text: str) -> Actions:
    """What `text` (all that stands after `actions=`) does; ValueError if it is wrong."""
    actions = tuple([_read_action(part) for part in split(text)])
    names = [action.name for action in actions]
    if "drop" in names and len(names) > 1:
        raise ValueError("drop stands beside another action")
    if "conjunction" in names and not set(names) <= {"conjunction", "note"}:
        raise ValueError("conjunction stands beside another action")
    if "goto_table" in names[:-1]:
        raise ValueError("goto_table is not the last action")
    tables: list[str] = []
    needs: set[str] = set()
    for action in actions:
        found, needed = _READERS[action.name](action.argument)
        tables += found
        needs |= needed
    goto = actions[-1].argument if names[-1] == "goto_table" else ""
    return Actions(",".join(map(str, actions)), actions, goto, tuple(tables), frozenset(needs))


def with_numbers(action: Action, tables: Mapping[str, int]) -> str:
    """The action as ovs-ofctl takes it: with tables' numbers for their names."""
    name, argument = action
    if name == "goto_table":
        argument = str(tables[argument])
    elif name == "resubmit":
        before, _, table = argument.rpartition(",")
        argument = f"{before},{tables[table]}"
    elif name == "ct":
        parts = [f"table={tables[part[6:]]}" if part.startswith("table=") else part for part in split(argument)]
        argument = ",".join(parts)
    return str(Action(name, argument))


def _read_action(text: str) -> Action:
    found = re.fullmatch(r"([a-z_]+)(?:\((.*)\)|:(.+))?", text)
    if not found:
        raise ValueError(f"not an action: {text!r}")
    name, bracket, colon = found.groups()
    if name not in _READERS:
        raise unknown("action", name, _READERS)
    argument = bracket if name in _BRACKETS else colon
    if (bracket if name not in _BRACKETS else colon) is not None:
        raise ValueError(f"{name}: its argument stands {'in brackets' if name in _BRACKETS else 'after a colon'}")
    return Action(name, (argument or "").replace(" ", ""))


def _none(name: str, needs: set[str]) -> Callable[[str], Found]:
    def read(argument: str) -> Found:
        if argument:
            raise ValueError(f"{name} takes no argument, found {argument!r}")
        return [], needs

    return read


def _outside(write: Callable[[str, bool], Found]) -> Callable[[str], Found]:
    """The writer as an action of its own, outside ct(exec(…))."""
    return lambda argument: write(argument, False)


def _output(argument: str) -> Found:
    if argument.startswith("NXM_"):
        return [], {slice_of(argument).field}
    port(argument)
    return [], set()


def _goto(argument: str) -> Found:
    if not argument:
        raise ValueError("goto_table names no table")
    return [argument], set()


def _resubmit(argument: str) -> Found:
    in_port, comma, table = argument.partition(",")
    if not comma or not table:
        raise ValueError(f"resubmit: found ({argument}), expected (PORT,TABLE) or (,TABLE)")
    if in_port:
        port(in_port)
    return [table], set()


def _group(argument: str) -> Found:
    if number(argument) >= 0xFFFFFF00:
        raise ValueError(f"group: {argument} is too wide, expected less than 0xffffff00")
    return [], set()


def _conjunction(argument: str) -> Found:
    found = re.fullmatch(r"([^,/]+),([0-9]+)/([0-9]+)", argument)
    if not found or not 1 <= int(found[2]) <= int(found[3]) <= 64 or int(found[3]) < 2:
        raise ValueError(f"conjunction: found ({argument}), expected (ID,K/N) with 1 <= K <= N, 2 <= N <= 64")
    FIELDS["conj_id"].value(found[1])
    return [], set()


def _note(argument: str) -> Found:
    if not re.fullmatch(r"[0-9a-fA-F]{2}(\.[0-9a-fA-F]{2})*", argument):
        raise ValueError(f"note: found {argument!r}, expected bytes as 02.01")
    return [], set()


_READERS: Mapping[str, Callable[[str], Found]] = MappingProxyType(
    {
        "drop": _none("drop", set()),
        "dec_ttl": _none("dec_ttl", {"dec_ttl"}),
        "output": _output,
        "goto_table": _goto,
        "resubmit": _resubmit,
        "ct": read_ct,
        "group": _group,
        "conjunction": _conjunction,
        "note": _note,
        **{name: _outside(write) for name, write in WRITERS.items()},
    }
)
