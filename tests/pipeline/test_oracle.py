"""Open vSwitch's own tools as oracles: they take the rules of every node, and read each line as we read it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sdn.errors import PipelineError
from sdn.pipeline import Tables, ofctl_text, parse_flow
from sdn.pipeline.fields import read_match
from sdn.pipeline.words import split

from . import dummy
from .bridges import Bridges
from .grammar import ACTIONS, matches
from .test_paths import NODES

LINES = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
WARNING = "normalization changed"


@pytest.mark.parametrize(("topology", "node"), NODES)
def test_a_switch_has_exactly_the_rules(bridges: Bridges, topology: str, node: str) -> None:
    bridge = bridges.get(topology, node)
    accepted, said = dummy.parses(bridges.switch.directory, bridge.text)
    assert accepted, said
    assert WARNING not in said
    assert bridge.differences() == ""
    assert len(bridges.switch.ofctl("dump-flows", "--no-stats", bridge.name).splitlines()) == len(bridge.flows)


def with_numbers(line: str) -> str:
    """The line with the numbers of the tables that it names."""
    return line.replace("table=route", "table=31").replace("service", "60").replace("to_pod", "70")


def check(line: str, tables: Tables, directory: Path) -> None:
    """We and Open vSwitch agree about a line: both refuse it, or we read the same in it.

    Where we refuse what Open vSwitch takes, our message says what Open vSwitch would do with it.
    """
    try:
        flow = parse_flow(line, tables)
    except PipelineError as error:
        refusal = str(error)
    else:
        refusal = ""
    if refusal:
        if "Open vSwitch" not in refusal and "unknown table" not in refusal:
            accepted, said = dummy.parses(directory, with_numbers(line))
            assert not accepted or "decode error" in said, f"{refusal}\n{said}"
        return
    accepted, said = dummy.parses(directory, ofctl_text([flow], tables))
    assert accepted, f"{line}: {said}"
    assert WARNING not in said, said
    shown = re.search(r": ADD table:31 priority=7(?:,(?P<match>\S+))? actions=(?P<actions>.*)", said)
    assert shown is not None, said
    assert read_match((shown["match"] or "ip").split(",")).identity - {("dl_type", 0x800, 0xFFFF)} == (
        flow.identity.match - {("dl_type", 0x800, 0xFFFF)}
    ), said
    assert len(list(split(shown["actions"]))) == len(flow.actions), said


@LINES
@given(match=matches())
def test_we_read_a_match_as_open_vswitch_does(tables: Tables, switch: dummy.Switch, match: str) -> None:
    check(f"table=route,priority=7,{match},actions=drop", tables, switch.directory)


@LINES
@given(protocol=st.sampled_from(["ip", "arp", "tcp"]), actions=ACTIONS)
def test_we_read_actions_as_open_vswitch_does(
    tables: Tables, switch: dummy.Switch, protocol: str, actions: str
) -> None:
    check(f"table=route,priority=7,{protocol},actions={actions}", tables, switch.directory)
