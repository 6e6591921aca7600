"""From a rule's match, as it is written, to what a switch compares."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from sdn.openflow.fields import BY_NAME, NARROW, RANK, TRANSPORT, Field
from sdn.pipeline.fields import read_field

if TYPE_CHECKING:
    from sdn.pipeline.fields import MatchField

_LOCAL, _OFPP_LOCAL = 0xFFFE, 0xFFFFFFFE  # OpenFlow 1.0's number, which rules are written with, and 1.4's


class Compared(NamedTuple):
    """A field as a switch compares it: the packet's bits under `mask` must be `value`'s."""

    field: Field
    value: int
    mask: int


def compared(match: Iterable[MatchField]) -> list[Compared]:
    """The fields of a match in wire order, with those that a protocol's word stands for.

    Raises:
        ValueError: a field cannot be sent, stands twice, or needs a protocol.
    """
    parts = [part for written in match for part in read_field(str(written)).primitives]
    transport = TRANSPORT.get(next((value for name, value, _ in parts if name == "nw_proto"), 0), "")
    found = [_compared(_sent(name, transport), value, mask) for name, value, mask in parts if mask]
    if len({item.field for item in found}) < len(found):
        raise ValueError("a field stands twice")
    return sorted(found, key=lambda item: RANK[item.field.name])


def _sent(name: str, transport: str) -> Field:
    """The field that goes for `name` beside a protocol; ValueError if none does."""
    if name in ("tp_src", "tp_dst"):
        if not transport:
            raise ValueError(f"{name} needs tcp, udp or sctp beside it")
        name = name.replace("tp", transport)
    if name not in BY_NAME:
        raise ValueError(f"{name} cannot be sent")
    return BY_NAME[name]


def _compared(field: Field, value: int, mask: int) -> Compared:
    if field.name == "in_port" and value == _LOCAL:
        value = _OFPP_LOCAL
    exact = mask in (field.full_mask, NARROW.get(field.name))
    return Compared(field, value & mask, field.full_mask if exact else mask)
