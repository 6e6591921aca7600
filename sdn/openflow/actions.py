"""From a flow's actions, as they are written, to os-ken's."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

from os_ken.ofproto import ofproto_v1_4 as ofproto
from os_ken.ofproto import ofproto_v1_4_parser as parser
from os_ken.ofproto.nicira_ext import NX_CT_F_COMMIT, NX_CT_RECIRC_NONE, ofs_nbits

from sdn.openflow.fields import BY_NAME, Field, Kind
from sdn.openflow.values import address, masked, number, port

_BITS = re.compile(r"(?P<name>\w+)\[(?:(?P<first>\d+)(?:\.\.(?P<last>\d+))?)?\]")
_NAT_RANGE = re.compile(r"(?P<low>[\d.]+)(?:-(?P<high>[\d.]+))?(?::(?P<port>\d+)(?:-(?P<last_port>\d+))?)?")
_NAT_FLAGS = MappingProxyType({"src": 1, "dst": 2, "persistent": 4, "hash": 8, "random": 16})
_CT_FORCE = 2
_SAME_PORT = 0xFFF8  # OFPP_IN_PORT of OpenFlow 1.0, as resubmit wants it
_SET = MappingProxyType(
    {
        "mod_dl_src": "eth_src",
        "mod_dl_dst": "eth_dst",
        "mod_nw_src": "ip_src",
        "mod_nw_dst": "ip_dst",
        "set_tunnel": "tun_id",
    }
)
_PORT_NAMES = ("in_port", "normal", "flood", "all", "local", "controller")


class Written(Protocol):
    """An action as a rule writes it (`sdn.pipeline.Action`)."""

    @property
    def name(self) -> str: ...
    @property
    def argument(self) -> str: ...


class Bits(NamedTuple):
    """Some bits of a field: `NXM_NX_REG0[0..15]`, or all of it: `NXM_NX_REG0[]`."""

    field: Field
    first: int
    count: int


class _Nat(parser.NXActionNAT):  # type: ignore[misc, name-defined]
    """os-ken's, padded to eight bytes: os-ken puts what follows it inside a `ct` too far to the front."""

    def serialize_body(self) -> bytes:
        body = super().serialize_body()
        return bytes(body) + bytes(-(10 + len(body)) % 8)


def instructions(actions: Sequence[Written], tables: Mapping[str, int]) -> list[Any]:
    """The instructions of a rule: its actions at once, then the table to go to. A drop has none.

    Raises:
        ValueError: an action is unknown or its argument is wrong.
    """
    goto = [action.argument for action in actions if action.name == "goto_table"]
    if len(goto) > 1 or (goto and actions[-1].name != "goto_table"):
        raise ValueError("goto_table stands once, at the end")
    if any(action.name == "drop" for action in actions):
        if len(actions) > 1:
            raise ValueError("drop stands alone")
        return []
    applied = [_action(action.name, action.argument, tables) for action in actions if action.name != "goto_table"]
    found = [parser.OFPInstructionActions(ofproto.OFPIT_APPLY_ACTIONS, applied)] if applied else []
    return found + [parser.OFPInstructionGotoTable(table(name, tables)) for name in goto]


def table(text: str, tables: Mapping[str, int]) -> int:
    """A table by its name or its number."""
    if text in tables:
        return tables[text]
    if text.isdecimal() and int(text) < 255:
        return int(text)
    raise ValueError(f"unknown table {text!r}")


def bits(text: str) -> Bits:
    """Some bits of a field."""
    found = _BITS.fullmatch(text)
    field = BY_NAME.get(found["name"]) if found else None
    if found is None or field is None:
        raise ValueError(f"{text!r} is no field with bits, as in NXM_NX_REG0[0..15]")
    width = 8 * field.bytes
    first = int(found["first"] or 0)
    last = int(found["last"] or found["first"] or width - 1)
    if not first <= last < width:
        raise ValueError(f"{text!r}: the field's bits are 0 to {width - 1}")
    return Bits(field, first, last - first + 1)


def user(field: Field, value: int) -> Any:
    """A field's value as os-ken wants it."""
    if field.kind is Kind.ADDRESS:
        return ".".join(map(str, value.to_bytes(4)))
    return value.to_bytes(6).hex(":") if field.kind is Kind.MAC else value


def split(text: str) -> Iterator[str]:
    """The parts of a list with commas; what is in brackets stays whole."""
    depth, start = 0, 0
    for end, sign in enumerate(text):
        depth += (sign == "(") - (sign == ")")
        if sign == "," and not depth:
            yield text[start:end].strip()
            start = end + 1
    if depth:
        raise ValueError(f"brackets do not close in {text!r}")
    if text[start:].strip():
        yield text[start:].strip()


def _action(name: str, argument: str, tables: Mapping[str, int]) -> Any:
    if name in ("resubmit", "ct"):
        return _ct(argument, tables) if name == "ct" else _resubmit(argument, tables)
    if name in _SET:
        return _set_field(f"{argument}->{_SET[name]}")
    if not argument and (name.isdecimal() or name.lower() in _PORT_NAMES):
        return _output(name)
    if name not in _BUILDERS:
        raise ValueError(f"unknown action {name!r}")
    return _BUILDERS[name](argument)


def _arrow(argument: str) -> tuple[str, str]:
    source, arrow, target = argument.partition("->")
    if not arrow:
        raise ValueError(f"{argument!r} has no ->")
    return source, target


def _output(argument: str) -> Any:
    if "[" in argument:
        source = bits(argument)
        nbits = ofs_nbits(source.first, source.first + source.count - 1)
        return parser.NXActionOutputReg(nbits, source.field.oxm, 0xFFFF)
    target = port(argument)
    return parser.OFPActionOutput(target, ofproto.OFPCML_MAX if target == ofproto.OFPP_CONTROLLER else 0)


def _load(argument: str) -> Any:
    text, name = _arrow(argument)
    target = bits(name)
    value = masked(target.field, text, "")[0]
    if value >> target.count:
        raise ValueError(f"{text} is wider than {name}")
    return parser.NXActionRegLoad(ofs_nbits(target.first, target.first + target.count - 1), target.field.oxm, value)


def _move(argument: str) -> Any:
    source, target = map(bits, _arrow(argument))
    if source.count != target.count:
        raise ValueError(f"{argument!r} moves {source.count} bits to {target.count}")
    return parser.NXActionRegMove(source.field.oxm, target.field.oxm, source.count, source.first, target.first)


def _set_field(argument: str) -> Any:
    text, name = _arrow(argument)
    field = BY_NAME.get(name.removesuffix("[]"))
    if field is None:
        raise ValueError(f"unknown field {name!r}")
    written, _, mask = text.partition("/")
    value, care = masked(field, written, mask)
    if care == field.full_mask:
        return parser.OFPActionSetField(**{field.oxm: user(field, value)})
    return parser.NXActionRegLoad2(field.oxm, user(field, value), user(field, care))


def _resubmit(argument: str, tables: Mapping[str, int]) -> Any:
    in_port, comma, name = argument.partition(",")
    if not comma:
        return parser.NXActionResubmit(port(in_port) & 0xFFFF)
    return parser.NXActionResubmitTable(
        port(in_port) & 0xFFFF if in_port else _SAME_PORT, table(name, tables) if name else 0xFF
    )


def _group(argument: str) -> Any:
    return parser.OFPActionGroup(number(argument))


def _conjunction(argument: str) -> Any:
    found = re.fullmatch(r"(\w+),\s*(\d+)/(\d+)", argument)
    if not found or not 1 <= int(found[2]) <= int(found[3]) <= 64:
        raise ValueError(f"{argument!r} is not like id,1/2")
    return parser.NXActionConjunction(int(found[2]) - 1, int(found[3]), number(found[1]))


def _note(argument: str) -> Any:
    return parser.NXActionNote(list(bytes.fromhex(argument.replace(".", ""))))


def _ct(argument: str, tables: Mapping[str, int]) -> Any:
    flags, zone, source, recirculate, nested = 0, 0, "", NX_CT_RECIRC_NONE, []
    for part in split(argument):
        name, inner = _called(part)
        if name == "commit":
            flags |= NX_CT_F_COMMIT
        elif name == "force":
            flags |= _CT_FORCE
        elif name == "table":
            recirculate = table(inner, tables)
        elif name == "zone" and "[" in inner:
            where = bits(inner)
            source, zone = where.field.oxm, ofs_nbits(where.first, where.first + where.count - 1)
        elif name == "zone":
            zone = number(inner)
        elif name == "nat":
            nested.append(_nat(inner))
        elif name == "exec":
            nested += [_action(*_called(part), tables) for part in split(inner)]
        else:
            raise ValueError(f"unknown word {part!r} in ct")
    return parser.NXActionCT(flags, source, zone, recirculate, 0, nested)


def _called(text: str) -> tuple[str, str]:
    """Name and argument of `name`, `name=x`, `name:x` or `name(x)`."""
    found = re.fullmatch(r"(\w+)(?:[=:](.*)|\((.*)\))?", text)
    if found is None:
        raise ValueError(f"cannot read {text!r}")
    return found[1], found[2] or found[3] or ""


def _nat(argument: str) -> Any:
    flags, ranges = 0, {}
    for part in split(argument):
        name, text = _called(part)
        if name not in _NAT_FLAGS:
            raise ValueError(f"unknown word {part!r} in nat")
        flags |= _NAT_FLAGS[name]
        ranges |= _nat_range(text) if text else {}
    return _Nat(flags, **ranges)


def _nat_range(text: str) -> dict[str, Any]:
    found = _NAT_RANGE.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is not like 10.0.0.1-10.0.0.9:80-89")
    ends = {"range_ipv4_min": found["low"], "range_ipv4_max": found["high"]}
    ports = {"range_proto_min": found["port"], "range_proto_max": found["last_port"]}
    return {name: user(BY_NAME["ip_src"], address(value)) for name, value in ends.items() if value} | {
        name: number(value) for name, value in ports.items() if value
    }


_BUILDERS: Mapping[str, Callable[[str], Any]] = MappingProxyType(
    {
        "output": _output,
        "load": _load,
        "move": _move,
        "set_field": _set_field,
        "group": _group,
        "conjunction": _conjunction,
        "note": _note,
        "dec_ttl": lambda _: parser.OFPActionDecNwTtl(),
        "ct_clear": lambda _: parser.NXActionCTClear(),
    }
)
