"""From a rule's actions, as they are written, to os-ken's. What they may be, `sdn.pipeline` has checked."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from os_ken.ofproto import ofproto_v1_4 as ofproto
from os_ken.ofproto import ofproto_v1_4_parser as parser
from os_ken.ofproto.nicira_ext import NX_CT_F_COMMIT, NX_CT_RECIRC_NONE, ofs_nbits

from sdn.openflow.fields import BY_NAME, BY_NXM, Field
from sdn.pipeline.actions import Action
from sdn.pipeline.fields import FIELDS as WRITTEN
from sdn.pipeline.words import number, split

_BITS = re.compile(r"(?P<name>\w+)\[(?:(?P<first>\d+)(?:\.\.(?P<last>\d+))?)?\]")
_NAT_RANGE = re.compile(r"(?P<low>[\d.]+)(?:-(?P<high>[\d.]+))?(?::(?P<port>\d+)(?:-(?P<last_port>\d+))?)?")
_NAT_FLAGS = MappingProxyType({"src": 1, "dst": 2, "persistent": 4, "hash": 8, "random": 16})
_CT_FORCE = 2
_CT_ALG = 0
_SAME_PORT = 0xFFF8  # OFPP_IN_PORT as resubmit wants it, with OpenFlow 1.0's 16 bits
_EXPERIMENTER_HEADER = 10
_LOADABLE_BITS = 64


class Bits(NamedTuple):
    """Some bits of a field, as `NXM_NX_REG0[0..15]`, or all of it, as `NXM_NX_REG0[]`."""

    field: Field
    first: int
    width: int

    @property
    def ofs_nbits(self) -> int:
        """Which bits, in the coding of Nicira's actions."""
        return int(ofs_nbits(self.first, self.first + self.width - 1))


class _Nat(parser.NXActionNAT):  # type: ignore[misc]
    """os-ken's, with padding: inside a `ct`, os-ken puts what follows it too far to the front."""

    def serialize_body(self) -> bytes:
        body = bytes(super().serialize_body())
        return body + bytes(-(_EXPERIMENTER_HEADER + len(body)) % 8)


def instructions(actions: Sequence[Action], tables: Mapping[str, int]) -> list[Any]:
    """A rule's instructions: its actions at once, then the table to go to. A drop has none.

    Raises:
        ValueError: an action cannot be sent.
    """
    applied = [_action(action, tables) for action in actions if action.name not in ("goto_table", "drop")]
    found = [parser.OFPInstructionActions(ofproto.OFPIT_APPLY_ACTIONS, applied)] if applied else []
    goto = [_table(action.argument, tables) for action in actions if action.name == "goto_table"]
    return found + [parser.OFPInstructionGotoTable(target) for target in goto]


def bits(text: str) -> Bits:
    """Some bits of a field."""
    found = _BITS.fullmatch(text)
    field = BY_NXM.get(found["name"]) if found else None
    if found is None or field is None:
        raise ValueError(f"{text!r} cannot be sent, expected as NXM_NX_REG0[0..15]")
    first = int(found["first"] or 0)
    last = int(found["last"] or found["first"] or 8 * field.size - 1)
    return Bits(field, first, last - first + 1)


def _action(action: Action, tables: Mapping[str, int]) -> Any:
    if action.name not in _BUILDERS:
        raise ValueError(f"action {action.name!r} cannot be sent")
    return _BUILDERS[action.name](action.argument, tables)


def _table(name: str, tables: Mapping[str, int]) -> int:
    if name not in tables:
        raise ValueError(f"unknown table {name!r}")
    return tables[name]


def _arrow(argument: str) -> tuple[str, str]:
    source, _, target = argument.partition("->")
    return source, target


def _port(text: str) -> int:
    return int(ofproto.OFPP_LOCAL) if text == "LOCAL" else number(text)


def _output(argument: str, _: Mapping[str, int]) -> Any:
    if "[" in argument:
        source = bits(argument)
        return parser.NXActionOutputReg(source.ofs_nbits, source.field.part, 0xFFFF)
    return parser.OFPActionOutput(_port(argument), 0)


def _load(argument: str, _: Mapping[str, int]) -> Any:
    value, name = _arrow(argument)
    target = bits(name)
    return parser.NXActionRegLoad(target.ofs_nbits, target.field.part, number(value))


def _move(argument: str, _: Mapping[str, int]) -> Any:
    source, target = map(bits, _arrow(argument))
    return parser.NXActionRegMove(source.field.part, target.field.part, source.width, source.first, target.first)


def _set_field(argument: str, _: Mapping[str, int]) -> Any:
    text, name = _arrow(argument)
    field, (value, __, mask) = BY_NAME[name], text.partition("/")
    wanted = field.for_os_ken(WRITTEN[name].value(value))
    if not mask:
        return parser.OFPActionSetField(**{field.oxm: wanted})
    return _load_bits(field, WRITTEN[name].value(value), WRITTEN[name].mask(mask))


def _load_bits(field: Field, value: int, mask: int) -> Any:
    """A set_field with a mask as Open vSwitch itself writes it before OpenFlow 1.5: a load of these bits."""
    first = (mask & -mask).bit_length() - 1
    width = mask.bit_length() - first
    if mask != ((1 << width) - 1) << first or width > _LOADABLE_BITS:
        raise ValueError(f"set_field of {field.name} cannot be sent with mask {mask:#x}: its bits are not side by side")
    return parser.NXActionRegLoad(Bits(field, first, width).ofs_nbits, field.part, value >> first)


def _resubmit(argument: str, tables: Mapping[str, int]) -> Any:
    in_port, _, name = argument.partition(",")
    return parser.NXActionResubmitTable(_port(in_port) & 0xFFFF if in_port else _SAME_PORT, _table(name, tables))


def _conjunction(argument: str, _: Mapping[str, int]) -> Any:
    number_text, clause, clauses = re.split("[,/]", argument)
    return parser.NXActionConjunction(int(clause) - 1, int(clauses), number(number_text))


def _ct(argument: str, tables: Mapping[str, int]) -> Any:
    flags, zone, recirculate, nested = 0, 0, int(NX_CT_RECIRC_NONE), []
    for part in split(argument):
        name, inner = _called(part)
        if name == "commit":
            flags |= NX_CT_F_COMMIT
        elif name == "force":
            flags |= _CT_FORCE
        elif name == "table":
            recirculate = _table(inner, tables)
        elif name == "zone":
            zone = number(inner)
        elif name == "nat":
            nested.append(_nat(inner))
        elif name == "exec":
            nested += [_action(Action(*_called(action)), tables) for action in split(inner)]
        else:
            raise ValueError(f"ct: {part!r} cannot be sent")
    return parser.NXActionCT(flags, "", zone, recirculate, _CT_ALG, nested)


def _called(text: str) -> tuple[str, str]:
    """Name and argument of `name`, `name=x`, `name:x` or `name(x)`."""
    found = re.fullmatch(r"(\w+)(?:[=:](.*)|\((.*)\))?", text)
    if found is None:
        raise ValueError(f"{text!r} cannot be sent")
    return found[1], found[2] or found[3] or ""


def _nat(argument: str) -> Any:
    flags = 0
    ranges: dict[str, Any] = {}
    for part in split(argument) if argument else ():
        name, text = _called(part)
        flags |= _NAT_FLAGS[name]
        ranges |= _nat_range(text) if text else {}
    return _Nat(flags, **ranges)


def _nat_range(text: str) -> dict[str, Any]:
    found = _NAT_RANGE.fullmatch(text)
    if found is None:
        raise ValueError(f"nat: {text!r} cannot be sent")
    ends = {"range_ipv4_min": found["low"], "range_ipv4_max": found["high"]}
    ports = {"range_proto_min": found["port"], "range_proto_max": found["last_port"]}
    return {name: end for name, end in ends.items() if end} | {name: int(end) for name, end in ports.items() if end}


def _group(argument: str, _: Mapping[str, int]) -> Any:
    return parser.OFPActionGroup(number(argument))


def _note(argument: str, _: Mapping[str, int]) -> Any:
    return parser.NXActionNote(list(bytes.fromhex(argument.replace(".", ""))))


def _dec_ttl(_: str, __: Mapping[str, int]) -> Any:
    return parser.OFPActionDecNwTtl()


_BUILDERS: Mapping[str, Callable[[str, Mapping[str, int]], Any]] = MappingProxyType(
    {
        "output": _output,
        "load": _load,
        "move": _move,
        "set_field": _set_field,
        "resubmit": _resubmit,
        "ct": _ct,
        "group": _group,
        "conjunction": _conjunction,
        "note": _note,
        "dec_ttl": _dec_ttl,
    }
)
