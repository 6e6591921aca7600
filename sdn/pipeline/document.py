"""docs/pipeline.md: the heads of the tables' files, and which table leads to which.

    python -m sdn.pipeline.document > docs/pipeline.md

A head is prose, and lines `Try: PACKET => OUTCOME` that tests give to a real switch. The outcome is `output PORT` or
`drop in TABLE`. `Try (WHERE): …` says more of where the packet is tried, separated by commas: a topology's node
(`multitenant/node1`; else node1 of two-node), a mode, the state of the packet's connection (`est`; else `new`).
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from sdn.errors import PipelineError
from sdn.manifest import load, read_sources
from sdn.model import Mode
from sdn.pipeline.flow import Flow
from sdn.pipeline.render import render
from sdn.pipeline.tables import Table, Tables, load_tables
from sdn.plan import plan
from sdn.resources import topologies

_TRY = re.compile(r"Try(?: \((?P<where>[^)]*)\))?: (?P<packet>\S+) => (?P<outcome>output \S+|drop in \S+)")
_MODES = {mode.value: mode for mode in Mode}

_TITLE = """\
# The pipeline

<!-- Written by python -m sdn.pipeline.document from the heads of flows/*.flows; change those. -->

Every packet of a node's br0 passes these tables. Each table is a file of `flows/`, in the syntax of ovs-ofctl; what may
stand in such a file says [flows/README.md](../flows/README.md). Numbers and registers are those of OpenShift SDN: reg0
is the sender's VNID, reg1 the receiver's, reg2 the receiver's port; between nodes the sender's VNID is VXLAN's. Tables
110, 111 and 120 are kept free for multicast.

"""


@dataclass(frozen=True)
class Try:
    """A packet to try, and what becomes of it."""

    packet: str
    outcome: str
    topology: str = "two-node"
    node: str = "node1"
    mode: Mode | None = None
    state: str = "new"


def tries(table: Table) -> tuple[Try, ...]:
    """The packets that the head of a table's file tells to try.

    Raises:
        PipelineError: a line begins as one and is none.
    """
    return tuple(_try(table, line) for line in table.head.splitlines() if line.startswith("Try"))


def page(tables: Tables) -> str:
    """The whole page."""
    return _TITLE + _graph(tables) + "\n".join(map(_chapter, tables))


def edges(flows: Iterable[Flow]) -> dict[tuple[str, str], None]:
    """Which table leads to which, and by which port packets leave, in the order of the rules."""
    found: dict[tuple[str, str], None] = {}
    for flow in flows:
        for name, argument in flow.actions:
            if name == "goto_table":
                found[flow.table, argument] = None
            elif name == "output":
                found[flow.table, {"1": "vxlan0", "2": "tun0"}.get(argument, "pod")] = None
    return found


def _try(table: Table, line: str) -> Try:
    found = _TRY.fullmatch(line)
    if not found:
        raise PipelineError(table.file, f"found {line!r}, expected Try: PACKET => output PORT (or drop in TABLE)")
    tried = Try(found["packet"], found["outcome"])
    for word in filter(None, re.split(r", *", found["where"] or "")):
        if "/" in word:
            topology, node = word.split("/")
            tried = replace(tried, topology=topology, node=node)
        elif word in _MODES:
            tried = replace(tried, mode=_MODES[word])
        else:
            tried = replace(tried, state=word)
    return tried


def _samples(tables: Tables) -> Iterator[Flow]:
    """The rules of a node of the two-node topology, in each mode."""
    objects = load(read_sources([str(topologies() / "two-node.yaml")])).objects
    for mode in Mode:
        node = plan(replace(objects, cluster=replace(objects.cluster, mode=mode))).nodes[0]
        yield from render(tables, node.flow_names())


def _graph(tables: Tables) -> str:
    lines = ["```mermaid", "flowchart TD"]
    lines += [f'  {table.name}["{table.number} {table.name}"]' for table in tables if table.name != "version"]
    lines += [f"  {port}([{port}])" for port in ("pod", "tun0", "vxlan0")]
    lines += [f"  {source} --> {target}" for source, target in edges(_samples(tables))]
    return "\n".join([*lines, "```", "", ""])


def _chapter(table: Table) -> str:
    lines = table.head.splitlines()
    prose = [line for line in lines if not line.startswith("Try")]
    packets = [line for line in lines if line.startswith("Try")]
    text = f"## {table.number} {table.name}\n\n" + re.sub(r"(?m)^(In|Out): +", r"- **\1**: ", _joined(prose)) + "\n"
    if packets:
        text += "\nTry:\n\n```\n" + "\n".join(line.removeprefix("Try: ").removeprefix("Try ") for line in packets)
        text += "\n```\n"
    return text + f"\nRules: [{table.file}](../{table.file})\n"


def _joined(lines: Iterable[str]) -> str:
    """The prose without the indent of lines that go on."""
    return "\n".join(re.sub(r"^ {5}", "  ", line) for line in lines).strip()


if __name__ == "__main__":
    sys.stdout.write(page(load_tables()))
