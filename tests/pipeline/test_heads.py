"""The heads of the files: their packets are tried, and the page made of them is up to date."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sdn.errors import PipelineError
from sdn.pipeline import Tables, default_flows, load_tables
from sdn.pipeline.document import Try, edges, page, tries
from sdn.pipeline.render import render
from sdn.pipeline.tables import Table

from .bridges import Bridges, plan_of

ROOT = Path(__file__).parents[2]
ALL = list(load_tables())
TRIES = [(table.name, tried) for table in ALL for tried in tries(table)]


@pytest.mark.parametrize(("table", "tried"), TRIES, ids=[f"{name}-{i}" for i, (name, _) in enumerate(TRIES)])
def test_the_packet_does_what_the_head_says(bridges: Bridges, tables: Tables, table: str, tried: Try) -> None:
    bridge = bridges.get(tried.topology, tried.node, tried.mode)
    trace = bridge.trace(tried.packet, tried.state)
    names = {1: "vxlan0", 2: "tun0"} | {pod.ofport: pod.name for pod in bridge.node.pods}
    found = "output " + " ".join(names[port] for port in trace.outputs)
    if not trace.outputs:
        found = f"drop in {tables.name(trace.hops[-1] >> 56)}"
    assert found == tried.outcome, trace.text


@pytest.mark.parametrize("table", ALL, ids=lambda table: table.name)
def test_the_packets_of_a_head_pass_its_table(bridges: Bridges, tables: Tables, table: Table) -> None:
    """At least one does; the note's table is the only one that no packet reaches."""
    reached = set()
    for tried in tries(table):
        trace = bridges.get(tried.topology, tried.node, tried.mode).trace(tried.packet, tried.state)
        reached |= {tables.name(cookie >> 56) for cookie in trace.hops}
    assert table.name in reached or table.name == "version"


@pytest.mark.parametrize("table", ALL, ids=lambda table: table.name)
def test_a_head_says_what_comes_in_and_goes_out(table: Table) -> None:
    assert re.search(r"^In: ", table.head, re.MULTILINE)
    assert re.search(r"^Out: ", table.head, re.MULTILINE)


@pytest.mark.parametrize("table", ALL, ids=lambda table: table.name)
def test_a_head_names_every_table_that_its_rules_lead_to(tables: Tables, table: Table) -> None:
    """What stands behind `Out:` is what the rules do, so that no comment contradicts them."""
    said = re.search(r"^Out:(.*?)^$", table.head + "\n", re.MULTILINE | re.DOTALL)
    assert said is not None
    named = set(re.findall(r"`(\w+)`|(tun0|vxlan0)|pod's (port)", said[1]))
    leads = set()
    for topology in ("two-node", "multitenant", "subnet-mode"):
        node = plan_of(topology).nodes[0]
        flows = [flow for flow in render(tables, node.flow_names()) if flow.table == table.name]
        leads |= {target for _, target in edges(flows)}
    found = {word for words in named for word in words if word}
    assert {"port" if target == "pod" else target for target in leads} == found


def test_the_page_is_up_to_date(tables: Tables) -> None:
    told = "stale: python -m sdn.pipeline.document > docs/pipeline.md"
    assert (ROOT / "docs" / "pipeline.md").read_text(encoding="utf-8") == page(tables), told


def test_the_readme_names_what_templates_may_use() -> None:
    text = (default_flows() / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ((?:`\w+` ?)+)\|", text, re.MULTILINE)
    assert {name for row in rows for name in re.findall(r"\w+", row)} == set(plan_of("two-node").nodes[0].flow_names())


@pytest.mark.parametrize("line", ["Try in_port=1", "Try: in_port=1 => somewhere", "Try: in_port = 1 => drop in route"])
def test_a_packet_that_cannot_be_read_is_an_error(tmp_path: Path, line: str) -> None:
    (tmp_path / "00-one.flows").write_text(f"# A table.\n# {line}\ntable=one, priority=0, actions=drop\n")
    (table,) = load_tables(tmp_path)
    with pytest.raises(PipelineError, match=r"00-one\.flows"):
        tries(table)
