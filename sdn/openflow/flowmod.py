"""An OFPFlowMod as bytes.

Open vSwitch knows a rule by table, priority and match: whatever agrees in these replaces the rule, and deletes it.
Layout: OpenFlow 1.4.0, 7.3.4.2.
"""

from __future__ import annotations

from typing import NamedTuple

VERSION = 5  # OpenFlow 1.4 on the wire
HEADER_SIZE = 8
OFPT_FLOW_MOD = 14
OFPFC_DELETE = 3
OFPFC_DELETE_STRICT = 4
OFPTT_ALL = 0xFF

TABLE, COMMAND, PRIORITY, MATCH = 24, 25, 30, 48  # where they stand in the message
_MATCH_LENGTH = 50
_ANY = b"\xff" * 12  # buffer, out_port and out_group: none, any, any
_EMPTY_MATCH = bytes((0, 1, 0, 4, 0, 0, 0, 0))


class FlowMod(NamedTuple):
    """The message that adds a rule: what stands behind the header, and `key`, which says which rule it is."""

    line: str
    body: bytes
    key: bytes

    @property
    def cookie(self) -> int:
        """The rule's cookie."""
        return int.from_bytes(self.body[:8])

    @property
    def instructions(self) -> bytes:
        """What the rule does, as it stands in the message."""
        end = match_end(bytes(HEADER_SIZE) + self.body[: _MATCH_LENGTH + 2 - HEADER_SIZE])
        return self.body[end + (MATCH - end) % 8 - HEADER_SIZE :]


def flow_mod(line: str, message: bytes) -> FlowMod:
    """Take a whole OFPFlowMod apart."""
    return FlowMod(line, message[HEADER_SIZE:], message_key(message, match_end(message)))


def match_end(message: bytes) -> int:
    """Where the match of an OFPFlowMod ends, its padding not counted."""
    return MATCH + int.from_bytes(message[_MATCH_LENGTH : _MATCH_LENGTH + 2])


def message_key(message: bytes, end: int) -> bytes:
    """Table, priority and match of an OFPFlowMod whose match ends at `end`."""
    return message[TABLE:COMMAND] + message[PRIORITY : PRIORITY + 2] + message[MATCH + 4 : end]


def rule_key(table: int, priority: int, oxm: bytes) -> bytes:
    """The same key from its parts; `oxm` are the match's fields in wire order."""
    return bytes((table,)) + priority.to_bytes(2) + oxm


def key_parts(key: bytes) -> tuple[int, int, bytes]:
    """Table, priority and the match's fields."""
    return key[0], int.from_bytes(key[1:3]), key[3:]


def delete(key: bytes) -> bytes:
    """The body of the OFPFlowMod that deletes exactly the rule of that key."""
    table, priority, oxm = key_parts(key)
    head = bytes(16) + bytes((table, OFPFC_DELETE_STRICT)) + bytes(4) + priority.to_bytes(2) + _ANY + bytes(4)
    length = 4 + len(oxm)
    return head + b"\x00\x01" + length.to_bytes(2) + oxm + bytes(-length % 8)


def delete_all() -> bytes:
    """The body of the OFPFlowMod that deletes every rule of every table."""
    return bytes(16) + bytes((OFPTT_ALL, OFPFC_DELETE)) + bytes(6) + _ANY + bytes(4) + _EMPTY_MATCH
