"""All rules together: checks, provenance, tables."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import pytest

from sdn.errors import PipelineError
from sdn.pipeline import Flow, Origin, Tables, load_tables, parse_flow, provenance, render
from sdn.plan import NodePlan, Ref

from .bridges import TOPOLOGIES, plan_of

NODES = [node for topology in TOPOLOGIES for node in plan_of(topology).nodes]


def pipeline(folder: Path, **files: str) -> Tables:
    for name, text in files.items():
        (folder / f"{name[1:].replace('_', '-')}.flows").write_text(text)
    return load_tables(folder)


def flows(tables: Tables, *lines: str) -> list[Flow]:
    return [parse_flow(line, tables) for line in lines]


@pytest.mark.parametrize("node", NODES, ids=[f"{i}-{node.name}" for i, node in enumerate(NODES)])
def test_every_cookie_tells_where_its_rule_comes_from(tables: Tables, node: NodePlan) -> None:
    for flow in render(tables, node.flow_names(), node.refs()):
        assert provenance(flow.cookie, tables, node.refs()) == flow.origin
        line = tables.by_number[flow.number].text.splitlines()[flow.origin.line - 1]
        assert line.startswith(f"table={flow.table}, priority={flow.priority}")
        assert bool(flow.origin.object) == ("cookie=" in line)


def test_a_cookie_that_is_not_ours_is_unknown(tables: Tables) -> None:
    assert provenance(0, tables, {}) == Origin("unknown", 0)
    assert provenance(0xFF << 56 | 1 << 40, tables, {}) == Origin("unknown", 0)


def test_an_origin_reads_as_a_sentence_says_it() -> None:
    assert str(Origin("flows/80-policy-ingress.flows", 14, "Pod shop/web")) == (
        "flows/80-policy-ingress.flows:14 for Pod shop/web"
    )


def test_the_same_names_give_the_same_rules(tables: Tables) -> None:
    node = NODES[0]
    assert render(tables, node.flow_names()) == render(load_tables(), node.flow_names())


def test_a_rule_twice_is_refused_with_both_places(tmp_path: Path) -> None:
    tables = pipeline(
        tmp_path,
        _00_one="table=one,priority=0,actions=drop\n\ntable=one,priority=5,ip,nw_src={{ a }},actions=drop\n"
        "table=one,priority=5,nw_src={{ b }},ip,actions=output:1\n",
    )
    with pytest.raises(PipelineError, match=r"00-one\.flows:4: .* as flows/00-one\.flows:3"):
        render(tables, {"a": IPv4Address("10.0.0.1"), "b": IPv4Network("10.0.0.1/32")})


def test_a_table_without_an_end_is_refused(tmp_path: Path) -> None:
    tables = pipeline(tmp_path, _00_one="table=one,priority=0,ip,actions=drop\n")
    with pytest.raises(PipelineError, match=r"00-one\.flows: .*priority=0"):
        render(tables, {})


def test_a_rule_in_the_file_of_another_table_is_refused(tmp_path: Path) -> None:
    tables = pipeline(
        tmp_path, _00_one="table=two,priority=0,actions=drop", _05_two="table=two,priority=0,actions=drop"
    )
    with pytest.raises(PipelineError, match=r"00-one\.flows:1: a rule of two in the file of one"):
        render(tables, {})


def test_a_reference_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    tables = pipeline(tmp_path, _00_one="table=one,priority=0,cookie={{ n }},actions=drop")
    with pytest.raises(PipelineError, match="40 bits"):
        render(tables, {"n": 1 << 40})
    (flow,) = render(tables, {"n": Ref("Pod default/a")}, {Ref("Pod default/a").number: "Pod default/a"})
    assert flow.origin == Origin("flows/00-one.flows", 1, "Pod default/a")


@pytest.mark.parametrize(
    "name", ["one.flows", "255-one.flows", "1-one.flows", "01-One.flows", "01-7.flows", "01_a.flows"]
)
def test_a_file_that_is_not_called_as_a_table_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("")
    with pytest.raises(PipelineError, match="not the name of a table"):
        load_tables(tmp_path)


@pytest.mark.parametrize("other", ["00-two.flows", "01-one.flows", "000-two.flows"])
def test_one_number_or_name_for_two_tables_is_refused(tmp_path: Path, other: str) -> None:
    for name in ("00-one.flows", other):
        (tmp_path / name).write_text("")
    with pytest.raises(PipelineError, match="the same table"):
        load_tables(tmp_path)


def test_a_folder_without_tables_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match="no file"):
        load_tables(tmp_path)
    (tmp_path / "00-one.flows").write_bytes(b"\xff")
    with pytest.raises(PipelineError, match="cannot be read"):
        load_tables(tmp_path)


def test_names_and_numbers_of_tables(tables: Tables) -> None:
    assert {name: tables.number(name) for name in tables.names} == dict(tables.names)
    assert [tables.name(number) for number in (0, 31, 253)] == ["classify", "route", "version"]
    assert list(tables.names.values()) == sorted(tables.names.values())


def test_a_line_is_parsed_once(tables: Tables) -> None:
    """Rendering again costs look-ups: a change in a lab of many nodes takes milliseconds."""
    node = NODES[0]
    first = render(tables, node.flow_names(), node.refs())
    again = render(tables, node.flow_names(), node.refs())
    assert all(one is other for one, other in zip(first, again, strict=True))
