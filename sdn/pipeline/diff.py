"""What changes a switch's rules into others."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from sdn.pipeline.flow import Flow


class Diff(NamedTuple):
    """The rules to put in and the rules to take out.

    A rule that is replaced (same table, priority and match) is only among those to put in: adding it takes the old
    one's place.
    """

    added: tuple[Flow, ...]
    removed: tuple[Flow, ...]


def diff(desired: Iterable[Flow], actual: Iterable[Flow]) -> Diff:
    """What turns `actual` into `desired`, both in their own order."""
    want = {flow.line: flow for flow in desired}
    have = {flow.line: flow for flow in actual}
    added = tuple(flow for line, flow in want.items() if line not in have)
    kept = {flow.identity for flow in want.values()}
    removed = tuple(flow for line, flow in have.items() if line not in want and flow.identity not in kept)
    return Diff(added, removed)
