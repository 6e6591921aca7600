"""What must hold of all rules together."""

from __future__ import annotations

from collections.abc import Iterable

from sdn.errors import PipelineError
from sdn.pipeline.flow import Flow, Identity
from sdn.pipeline.tables import Tables


def check_flows(flows: Iterable[Flow], tables: Tables) -> None:
    """Raise PipelineError unless no rule is there twice and every table ends in a rule that takes all that is left."""
    seen: dict[Identity, Flow] = {}
    for flow in flows:
        other = seen.setdefault(flow.identity, flow)
        if other is not flow:
            raise PipelineError(str(flow.origin), f"the same table, priority and match as {other.origin}")
    for table in tables:
        if Identity(table.number, 0, frozenset()) not in seen:
            raise PipelineError(table.file, "no rule with priority=0 and no match; every table ends in one")
