"""Several changes to a switch that come into force together, or not at all; and such that need not.

Open vSwitch (3.1) refuses a message when it is added to a bundle, and commits the rest if it is told to. So the
commit is sent only when a barrier has shown that nothing was refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from struct import Struct
from typing import NamedTuple

from os_ken.ofproto import ofproto_v1_4 as ofproto
from os_ken.ofproto import ofproto_v1_4_parser as parser

from sdn.openflow.flowmod import HEADER_SIZE, OFPT_FLOW_MOD, VERSION, FlowMod, delete, delete_all
from sdn.openflow.refusal import RuleRefused

FLAGS = ofproto.OFPBF_ATOMIC | ofproto.OFPBF_ORDERED
CHUNK_BYTES = 256 * 1024

_HEADER = Struct("!BBHI")
_CONTROL = Struct("!BBHIIHH")
_ADD = Struct("!BBHII2xHBBHI")


class Change(NamedTuple):
    """A flow-mod as it goes into a bundle; `line` is the rule that it is about."""

    line: str
    body: bytes


def adding(rule: FlowMod) -> Change:
    """The rule is in the switch as it is written; one of the same key is replaced."""
    return Change(rule.line, rule.body)


def deleting(rule: FlowMod) -> Change:
    """The rule, and no other, is not in the switch any more."""
    return Change(rule.line, delete(rule.key))


def emptying() -> Change:
    """No rule is in the switch any more."""
    return Change("", delete_all())


class Bundle:
    """One atomic, ordered bundle: what to send, and what the answers mean.

    Send what `opening` yields. Then hand every message of the switch that `owns` knows to `hear`, and send what it
    gives back, until `done`. `refusal` is then None, or says why nothing has changed. From `committed` on, what the
    switch says is about what it is after the changes.
    """

    def __init__(self, number: int, first_xid: int, changes: Sequence[Change]) -> None:
        self.number = number
        self.changes = changes
        self.committed = False
        self.done = False
        self.refusal: RuleRefused | None = None
        self._xid = first_xid
        self._ready = first_xid + 1 + len(changes)
        self._commit, self._end = self._ready + 1, self._ready + 2

    def owns(self, xid: int) -> bool:
        """True if a message of that number is the answer to one of the bundle's."""
        return self._xid <= xid <= self._end

    def opening(self) -> Iterator[bytes]:
        """All changes, without effect yet, and a barrier; in pieces of about CHUNK_BYTES."""
        number, pieces, size = self.number, [self._control(self._xid, ofproto.OFPBCT_OPEN_REQUEST)], 0
        for xid, (_, body) in enumerate(self.changes, self._xid + 1):
            length = HEADER_SIZE + len(body)
            pieces.append(
                _ADD.pack(
                    VERSION,
                    ofproto.OFPT_BUNDLE_ADD_MESSAGE,
                    length + 16,
                    xid,
                    number,
                    FLAGS,
                    VERSION,
                    OFPT_FLOW_MOD,
                    length,
                    xid,
                )
            )
            pieces.append(body)
            size += length
            if size > CHUNK_BYTES:
                yield b"".join(pieces)
                pieces, size = [], 0
        pieces.append(_barrier(self._ready))
        yield b"".join(pieces)

    def hear(self, message: object) -> bytes:
        """Take an answer of the switch to account; what is to be sent next, or nothing."""
        if isinstance(message, parser.OFPErrorMsg):
            self._refuse(message)
        elif isinstance(message, parser.OFPBundleCtrlMsg):
            self.committed = message.type == ofproto.OFPBCT_COMMIT_REPLY
        elif isinstance(message, parser.OFPBarrierReply) and message.xid == self._ready:
            verdict = ofproto.OFPBCT_DISCARD_REQUEST if self.refusal else ofproto.OFPBCT_COMMIT_REQUEST
            return self._control(self._commit, verdict) + _barrier(self._end)
        elif isinstance(message, parser.OFPBarrierReply) and message.xid == self._end:
            self.done = True
        return b""

    def _refuse(self, message: parser.OFPErrorMsg) -> None:
        """The first error says which rule is to blame; later ones say that the bundle fails for it."""
        index = message.xid - self._xid - 1
        line = self.changes[index].line if 0 <= index < len(self.changes) else ""
        if self.refusal is None or (line and not self.refusal.line):
            self.refusal = RuleRefused(f"the switch says {error_of(message)}", line)

    def _control(self, xid: int, kind: int) -> bytes:
        return _CONTROL.pack(VERSION, ofproto.OFPT_BUNDLE_CONTROL, _CONTROL.size, xid, self.number, kind, FLAGS)


class Batch(Bundle):
    """Changes that come into force one by one, each as it arrives: a round trip sooner than in a bundle.

    `refusal` names the first that was refused; the others are in force.
    """

    def opening(self) -> Iterator[bytes]:
        """All changes, and a barrier."""
        pieces = [
            _HEADER.pack(VERSION, OFPT_FLOW_MOD, HEADER_SIZE + len(body), xid) + body
            for xid, (_, body) in enumerate(self.changes, self._xid + 1)
        ]
        yield b"".join(pieces) + _barrier(self._end)


def error_of(message: object) -> str:
    """What an error message says, by its name in the OpenFlow specification; empty for any other message."""
    if not isinstance(message, parser.OFPErrorMsg):
        return ""
    if message.type == ofproto.OFPET_EXPERIMENTER:
        return f"experimenter error {message.exp_type}"
    return str(ofproto.ofp_error_code_to_str(message.type, message.code))


def _barrier(xid: int) -> bytes:
    return _HEADER.pack(VERSION, ofproto.OFPT_BARRIER_REQUEST, HEADER_SIZE, xid)
