"""What the measurements are made of, without measuring."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.__main__ import MEASURES, as_json, cells
from bench.figure import Figure, Row, alternate
from bench.labs import TWO_NODE, topology
from sdn.manifest import load, read_sources
from sdn.plan import plan


def test_a_figure_is_the_median_between_lowest_and_highest() -> None:
    assert str(Figure("s", (1.0, 0.91, 3.0))) == "1.00 s [0.91–3.00]"
    assert str(Figure("ms", (205.4,))) == "205 ms"
    assert str(Figure("rules/s", (9_999.9, 70_000.0))) == "40,000 rules/s [10,000–70,000]"


def test_a_row_says_how_many_times_the_peer_ours_is() -> None:
    row = Row("up", Figure("s", (1.0,)), Figure("s", (4.0,)), "somebody")
    assert cells(row) == ["up", "1.00 s", "4.00 s", "0.25", "somebody"]
    assert as_json(row)["ratio"] == 0.25
    assert as_json(row)["ours"] == {"unit": "s", "samples": (1.0,), "median": 1.0}


def test_a_row_without_a_peer_says_so() -> None:
    row = Row("outage", Figure("ms", (200.0,)))
    assert cells(row)[2:] == ["–", "–", "no peer"]
    assert as_json(row)["peer"] is None


def test_measures_take_turns_and_change_who_is_first() -> None:
    calls: list[str] = []
    ours, theirs = alternate(3, 0.0, lambda: calls.append("ours") or 1, lambda: calls.append("theirs") or 2)
    assert (ours, theirs) == ([1, 1, 1], [2, 2, 2])
    assert calls == ["ours", "theirs", "theirs", "ours", "ours", "theirs"]


@pytest.mark.parametrize(("nodes", "pods"), [(20, 10), (3, 1)])
def test_a_topology_is_as_large_as_asked_for(nodes: int, pods: int, tmp_path: Path) -> None:
    file = tmp_path / "bench.yaml"
    file.write_text(topology(nodes, pods))
    built = plan(load(read_sources([str(file)])).objects)
    assert [len(node.pods) for node in built.nodes] == [pods] * nodes


def test_every_measure_can_be_asked_for_by_name() -> None:
    assert {"two-node", "twenty", "flows", "tcp", "outage", "verify"} <= MEASURES.keys()
    assert TWO_NODE.exists()
