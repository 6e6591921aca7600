"""What others do to a switch's rules, as the switch reports it (flow monitor: OpenFlow 1.4.0, 7.3.5.17).

Open vSwitch reports the changes of the connection that asks in abbreviated form, so whatever comes in full was
somebody else's hand. os-ken's own decoder takes the initial report only, and stumbles over actions that it does not
know. This one leaves them as they are.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from struct import Struct, unpack_from
from typing import Any, NamedTuple

from os_ken.ofproto import ofproto_v1_4 as ofproto
from os_ken.ofproto import ofproto_v1_4_parser as parser
from os_ken.ofproto.ofproto_protocol import ProtocolDesc

from sdn.openflow.fields import FIELDS
from sdn.openflow.flowmod import FlowMod, rule_key

_FULL = Struct("!HHBBHHH4xQHH")  # as far as the match's first field
_FLAGS = ofproto.OFPFMF_ADD | ofproto.OFPFMF_REMOVED | ofproto.OFPFMF_MODIFY | ofproto.OFPFMF_INSTRUCTIONS
_EXPERIMENTER = 0xFFFF
_HAS_MASK = 1
_RANKS = {ofproto.oxm_from_user_header(field.oxm): rank for rank, field in enumerate(FIELDS)}
_FIELDS = {ofproto.oxm_from_user_header(field.oxm): field for field in FIELDS}


class Event(IntEnum):
    """What happened to a rule."""

    INITIAL = ofproto.OFPFME_INITIAL
    ADDED = ofproto.OFPFME_ADDED
    REMOVED = ofproto.OFPFME_REMOVED
    MODIFIED = ofproto.OFPFME_MODIFIED


class Update(NamedTuple):
    """A rule that somebody else has touched; `key` is that of `flowmod.FlowMod`.

    `instructions` are written as the switch writes them, which may differ from how they were sent.
    """

    event: Event
    key: bytes
    cookie: int
    instructions: bytes
    times_out: bool

    def is_just(self, rule: FlowMod) -> bool:
        """True if the rule is, in the switch, as it is written: whoever touched it has left it so."""
        there = self.event is not Event.REMOVED and not self.times_out
        return there and (self.cookie, self.instructions) == (rule.cookie, rule.instructions)


class _Field(NamedTuple):
    number: Any  # as os-ken counts fields
    tlv: bytes
    value: bytes
    mask: bytes


@parser.OFPFlowUpdateHeader.register_flow_update_event(ofproto.OFPFME_INITIAL, _FULL.size)
@parser.OFPFlowUpdateHeader.register_flow_update_event(ofproto.OFPFME_ADDED, _FULL.size)
@parser.OFPFlowUpdateHeader.register_flow_update_event(ofproto.OFPFME_REMOVED, _FULL.size)
@parser.OFPFlowUpdateHeader.register_flow_update_event(ofproto.OFPFME_MODIFIED, _FULL.size)
class FullUpdate(parser.OFPFlowUpdateHeader):  # type: ignore[misc]
    """What os-ken makes of a full report from now on."""

    def __init__(self, length: int, update: Update) -> None:
        super().__init__(length)
        self.update = update

    @classmethod
    def parser(cls, buf: bytes, offset: int) -> FullUpdate:
        """Read one report."""
        length, event, table, _, idle, hard, priority, cookie, _, match_length = _FULL.unpack_from(buf, offset)
        start = offset + _FULL.size
        oxm = _in_order(bytes(buf[start : start + match_length - 4]))
        instructions = bytes(buf[start - 4 + match_length + -match_length % 8 : offset + length])
        key = rule_key(table, priority, oxm)
        return cls(length, Update(Event(event), key, cookie, instructions, bool(idle or hard)))


def request(xid: int) -> bytes:
    """The message that asks for every change to every table, without what is there already."""
    message = parser.OFPFlowMonitorRequest(
        ProtocolDesc(version=ofproto.OFP_VERSION), monitor_id=1, monitor_flags=_FLAGS, table_id=ofproto.OFPTT_ALL
    )
    message.set_xid(xid)
    message.serialize()
    return bytes(message.buf)


def updates(message: object) -> list[Update]:
    """What somebody else has done, of all that a report says; nothing for any other message."""
    if not isinstance(message, parser.OFPFlowMonitorReply):
        return []
    return [part.update for part in message.body if isinstance(part, FullUpdate)]


def describe(update: Update, tables: Iterable[tuple[str, int]]) -> str:
    """The rule that an update is about, as a rule is written, as far as its match goes."""
    number, priority = update.key[0], int.from_bytes(update.key[1:3])
    name = {number: name for name, number in tables}.get(number, str(number))
    words = [f"table={name}", f"cookie={update.cookie:#x}", f"priority={priority}"]
    return ", ".join([*words, *(_text(field) for field in _fields(update.key[3:]))])


def _fields(oxm: bytes) -> Iterable[_Field]:
    offset = 0
    while offset < len(oxm):
        oxm_class, bits, length = unpack_from("!HBB", oxm, offset)
        tlv = oxm[offset : offset + 4 + length]
        skip = 8 if oxm_class == _EXPERIMENTER else 4
        number: Any = oxm_class << 7 | bits >> 1
        if oxm_class == _EXPERIMENTER:
            number = (int.from_bytes(tlv[4:8]), number)
        body = tlv[skip:]
        half = len(body) // 2 if bits & _HAS_MASK else len(body)
        yield _Field(number, tlv, body[:half], body[half:])
        offset += len(tlv)


def _in_order(oxm: bytes) -> bytes:
    """The fields in our order, whatever the switch's is; fields unknown here come last."""
    return b"".join(
        field.tlv
        for field in sorted(_fields(oxm), key=lambda field: (_RANKS.get(field.number, len(FIELDS)), field.tlv))
    )


def _text(field: _Field) -> str:
    known = _FIELDS.get(field.number)
    if known is None:
        return f"field {field.tlv.hex()}"
    parts = (field.value, field.mask) if field.mask else (field.value,)
    texts = [str(known.for_os_ken(int.from_bytes(part))) for part in parts]
    return f"{known.name}={'/'.join(texts)}"
