"""What a rule may do: the actions of ovs-actions(7) that this pipeline uses."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

from sdn.pipeline.fields import CACHE, FIELDS, address, number, port, unknown


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

# Parts of a packet that load, move and output name as Open vSwitch's NXM names do: width, and the field it is.
_REGISTERS: Mapping[str, tuple[int, str]] = MappingProxyType(
    {
        **{f"NXM_NX_REG{i}": (32, f"reg{i}") for i in range(8)},
        "NXM_NX_TUN_ID": (64, "tun_id"),
        "NXM_NX_TUN_IPV4_SRC": (32, "tun_src"),
        "NXM_NX_TUN_IPV4_DST": (32, "tun_dst"),
        "NXM_NX_CT_MARK": (32, "ct_mark"),
        "NXM_NX_CT_LABEL": (128, "ct_label"),
        "NXM_NX_PKT_MARK": (32, "pkt_mark"),
        "NXM_OF_ETH_SRC": (48, "dl_src"),
        "NXM_OF_ETH_DST": (48, "dl_dst"),
        "NXM_OF_IP_SRC": (32, "nw_src"),
        "NXM_OF_IP_DST": (32, "nw_dst"),
        "NXM_OF_ARP_OP": (16, "arp_op"),
        "NXM_OF_ARP_SPA": (32, "arp_spa"),
        "NXM_OF_ARP_TPA": (32, "arp_tpa"),
        "NXM_NX_ARP_SHA": (48, "arp_sha"),
        "NXM_NX_ARP_THA": (48, "arp_tha"),
    }
)
_READ_ONLY = frozenset({"in_port", "nw_proto", "ct_zone", "conj_id", "icmp_type", "icmp_code"})
_IN_CONNTRACK = frozenset({"ct_mark", "ct_label"})
_SLICE = re.compile(r"(NXM_[A-Z0-9_]+)\[(?:([0-9]+)(?:\.\.([0-9]+))?)?\]")
_NAT = re.compile(r"nat(?:\((src|dst)=([0-9.]+)(?:-([0-9.]+))?(?::([0-9]+)(?:-([0-9]+))?)?(,[a-z,]+)?\))?")
_NAT_WORDS = frozenset({"random", "hash", "persistent"})


class _Slice(NamedTuple):
    bits: int
    field: str


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


def split(text: str) -> Iterator[str]:
    """The parts between the commas that stand outside all brackets; ValueError if brackets do not match."""
    depth = start = 0
    for place, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if depth < 0:
            break
        if letter == "," and not depth:
            yield text[start:place].strip()
            start = place + 1
    if depth:
        raise ValueError(f"brackets do not match in {text!r}")
    yield text[start:].strip()


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


# Each reader checks an argument and returns the tables that it names and the fields that it needs.
_Found = tuple[list[str], set[str]]


def _none(name: str, needs: set[str]) -> Callable[[str], _Found]:
    def read(argument: str) -> _Found:
        if argument:
            raise ValueError(f"{name} takes no argument, found {argument!r}")
        return [], needs

    return read


def _output(argument: str) -> _Found:
    if argument.startswith("NXM_"):
        return [], {_slice(argument).field}
    port(argument)
    return [], set()


def _goto(argument: str) -> _Found:
    if not argument:
        raise ValueError("goto_table names no table")
    return [argument], set()


def _resubmit(argument: str) -> _Found:
    in_port, comma, table = argument.partition(",")
    if not comma or not table:
        raise ValueError(f"resubmit: found ({argument}), expected (PORT,TABLE) or (,TABLE)")
    if in_port:
        port(in_port)
    return [table], set()


def _group(argument: str) -> _Found:
    if number(argument) >= 0xFFFFFF00:
        raise ValueError(f"group: {argument} is too wide, expected less than 0xffffff00")
    return [], set()


def _conjunction(argument: str) -> _Found:
    found = re.fullmatch(r"([^,/]+),([0-9]+)/([0-9]+)", argument)
    if not found or not 1 <= int(found[2]) <= int(found[3]) <= 64 or int(found[3]) < 2:
        raise ValueError(f"conjunction: found ({argument}), expected (ID,K/N) with 1 <= K <= N, 2 <= N <= 64")
    FIELDS["conj_id"].value(found[1])
    return [], set()


def _note(argument: str) -> _Found:
    if not re.fullmatch(r"[0-9a-fA-F]{2}(\.[0-9a-fA-F]{2})*", argument):
        raise ValueError(f"note: found {argument!r}, expected bytes as 02.01")
    return [], set()


def _load(argument: str, inside: bool = False) -> _Found:
    value, target = _arrow("load", argument)
    into = _slice(target)
    _check_writable(into.field, inside)
    if number(value) >> into.bits:
        raise ValueError(f"load: {value} is too wide for {target}, which has {into.bits} bits")
    return [], {into.field}


def _move(argument: str, inside: bool = False) -> _Found:
    source, target = _arrow("move", argument)
    out, into = _slice(source), _slice(target)
    _check_writable(into.field, inside)
    if out.bits != into.bits:
        raise ValueError(f"move: {source} has {out.bits} bits, {target} has {into.bits}")
    return [], {out.field, into.field}


def _set_field(argument: str, inside: bool = False) -> _Found:
    text, name = _arrow("set_field", argument)
    if name not in FIELDS:
        raise unknown("field", name, FIELDS)
    _check_writable(name, inside)
    value_text, slash, mask_text = text.partition("/")
    value = FIELDS[name].value(value_text)
    mask = FIELDS[name].mask(mask_text) if slash else value or 1
    if value & ~mask or not mask:
        raise ValueError(f"set_field: {text}: bits of the value are outside the mask, or the mask is empty")
    return [], {name}


def _arrow(action: str, argument: str) -> tuple[str, str]:
    source, arrow, target = argument.partition("->")
    if not arrow:
        raise ValueError(f"{action}: found {argument!r}, expected WHAT->WHERE")
    return source, target


def _check_writable(field: str, inside: bool) -> None:
    """Conntrack's own fields are written inside ct(exec(…)) and nothing else is."""
    if field in _READ_ONLY:
        raise ValueError(f"{field} cannot be written")
    if inside != (field in _IN_CONNTRACK):
        raise ValueError(f"{field} is written {'outside of' if inside else 'inside'} ct(commit,exec(…)) only")


def _ct(argument: str) -> _Found:
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
        action = _read_action(part)
        if action.name not in _WRITERS:
            raise ValueError(f"ct: exec does not take {action.name}, expected {', '.join(_WRITERS)}")
        _WRITERS[action.name](action.argument, True)


def _slice(text: str) -> _Slice:
    """What `NXM_NX_REG0[]` or `NXM_NX_TUN_ID[0..31]` names."""
    found = _SLICE.fullmatch(text)
    if not found:
        raise ValueError(f"found {text!r}, expected as NXM_NX_REG0[] or NXM_NX_TUN_ID[0..31]")
    if found[1] not in _REGISTERS:
        raise unknown("register", found[1], _REGISTERS)
    bits, field = _REGISTERS[found[1]]
    if found[2] is None:
        return _Slice(bits, field)
    first = int(found[2])
    last = int(found[3] or first)
    if not first <= last < bits:
        raise ValueError(f"{text}: {found[1]} has bits 0 to {bits - 1}")
    return _Slice(last - first + 1, field)


_WRITERS: Mapping[str, Callable[[str, bool], _Found]] = MappingProxyType(
    {"load": _load, "move": _move, "set_field": _set_field}
)
_READERS: Mapping[str, Callable[[str], _Found]] = MappingProxyType(
    {
        "drop": _none("drop", set()),
        "dec_ttl": _none("dec_ttl", {"dec_ttl"}),
        "output": _output,
        "goto_table": _goto,
        "resubmit": _resubmit,
        "ct": _ct,
        "group": _group,
        "conjunction": _conjunction,
        "note": _note,
        "load": _load,
        "move": _move,
        "set_field": _set_field,
    }
)
