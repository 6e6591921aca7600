"""From the names of a node to its rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from sdn.errors import PipelineError
from sdn.pipeline.actions import with_numbers
from sdn.pipeline.check import check_flows
from sdn.pipeline.flow import Flow, Origin
from sdn.pipeline.parse import parse_rendered
from sdn.pipeline.tables import Tables

_NO_REFS: Mapping[int, str] = MappingProxyType({})


def render(tables: Tables, names: Mapping[str, object], refs: Mapping[int, str] = _NO_REFS) -> tuple[Flow, ...]:
    """All rules of a node, table by table in the order of the files, parsed and checked.

    `names` are those of `NodePlan.flow_names()`; `refs` gives objects' names by their numbers, for the origins.

    Raises:
        PipelineError: a rule is wrong; the message names its file and line.
    """
    flows = []
    for table in tables:
        for line, rule in table.template.render(names):
            flow = parse_rendered(rule, tables, Origin(table.file, line), refs)
            if flow.number != table.number:
                raise PipelineError(str(flow.origin), f"a rule of {flow.table} in the file of {table.name}")
            flows.append(flow)
    check_flows(flows, tables)
    return tuple(flows)


def ofctl_text(flows: Iterable[Flow], tables: Tables) -> str:
    """The rules as ovs-ofctl reads them, with the tables' numbers for their names, a line each."""
    lines = []
    for flow in flows:
        parts = [f"cookie={flow.cookie:#x}", f"table={flow.number}", f"priority={flow.priority}"]
        parts += map(str, flow.match)
        actions = ",".join(with_numbers(action, tables.names) for action in flow.actions)
        lines.append(f"{','.join(parts)} actions={actions}\n")
    return "".join(lines)
