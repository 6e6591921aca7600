"""What is filled into a shape is, byte for byte, what os-ken makes of the rule."""

from __future__ import annotations

import re
from ipaddress import IPv4Address
from types import MappingProxyType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdn.errors import PipelineError
from sdn.openflow.compile import Compiler
from sdn.openflow.encode import Encoder
from sdn.openflow.flowmod import FlowMod, delete, flow_mod, key_parts
from sdn.openflow.refusal import RuleRefused
from sdn.openflow.shape import Words
from sdn.pipeline.parse import parse_flow
from sdn.pipeline.tables import Tables
from tests.support.openflow import RULES, TABLES

NAMES = Tables(MappingProxyType({}), MappingProxyType(TABLES))
WIDTHS = (4, 8, 15, 16, 17, 24, 32, 33, 63, 64, 65)


def by_os_ken(line: str) -> FlowMod | None:
    """The slow, right way, without any shape; None if the rule is refused."""
    try:
        return flow_mod(line, Encoder(TABLES).encode(parse_flow(line, NAMES)))
    except (PipelineError, RuleRefused):
        return None


def compiled(compiler: Compiler, line: str) -> FlowMod | None:
    try:
        return compiler.compile(line)
    except RuleRefused:
        return None


def like(text: str) -> st.SearchStrategy[str]:
    """Values that may stand where `text` stands, some of them too wide for it."""
    if ":" in text:
        return st.binary(min_size=6, max_size=6).map(lambda octets: octets.hex(":"))
    if "." in text:
        return st.integers(0, 2**32 - 1).map(lambda value: str(IPv4Address(value)))
    numbers = st.sampled_from(WIDTHS).flatmap(lambda width: st.integers(0, 2**width - 1))
    return st.tuples(numbers, st.sampled_from([hex, str])).map(lambda pair: pair[1](pair[0]))


@st.composite
def others(draw: st.DrawFn, line: str) -> str:
    """A rule of the same shape with some other values."""
    words = Words(line)
    return words.line([draw(st.one_of(st.just(value), like(value))) for value in words.values])


@given(st.data())
@settings(max_examples=80, deadline=None)
def test_a_shape_says_what_os_ken_says(data: st.DataObject) -> None:
    line = data.draw(st.sampled_from(RULES))
    compiler = Compiler(TABLES)
    for other in data.draw(st.lists(others(line), min_size=3, max_size=6)):
        assert compiled(compiler, other) == by_os_ken(other)


def with_cookie(line: str, cookie: int) -> str:
    return re.sub("cookie=0x[0-9a-f]+", f"cookie={cookie:#x}", line)


LIMITS = (0, 1, 0x7F, 0xFF, 0x100, 0x7FFF, 0x8000, 0xFEFF, 0xFF00, 0xFFFE, 0xFFFF, 0x10000, 2**32 - 1, 2**32, 2**64)


@pytest.mark.parametrize("line", RULES)
def test_a_shape_says_so_at_the_limits_of_each_value_too(line: str) -> None:
    compiler = Compiler(TABLES)
    compiler.compile(line)
    words = Words(line)
    for place, value in enumerate(words.values):
        texts = [] if "." in value or ":" in value else [form(limit) for limit in LIMITS for form in (hex, str)]
        for text in texts:
            other = words.line([*words.values[:place], text, *words.values[place + 1 :]])
            assert compiled(compiler, other) == by_os_ken(other)


SLOW = ("nw_src=0.0.0.0/0", "ct_label=", "/0x1->ct_mark", "10.0.0.1-10.0.0.9")  # rare enough to stay with os-ken


@pytest.mark.parametrize("line", [line for line in RULES if not any(word in line for word in SLOW)])
def test_what_is_needed_fast_has_a_shape(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    compiler = Compiler(TABLES)
    compiler.compile(line)
    compiler.compile(with_cookie(line, 0x101))
    monkeypatch.setattr("sdn.openflow.compile.parse_flow", None)
    compiler.compile(with_cookie(line, 0x102))


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("table=nowhere,priority=1,actions=drop", "nowhere"),
        ("table=first,priority=1,ip,nw_srx=1.2.3.4,actions=drop", "nw_srx"),
        ("table=first,priority=99999,actions=drop", "priority"),
        ("table=first,priority=1,ip,actions=goto_table:nowhere", "nowhere"),
        ("table=first,priority=1,ip,actions=set_field:5/5->reg0", "side by side"),
        ("", "actions"),
        ("\x00", "actions"),
    ],
)
def test_what_cannot_be_sent_is_refused_and_named(line: str, says: str) -> None:
    with pytest.raises(RuleRefused, match=says) as caught:
        Compiler(TABLES).compile(line)
    assert caught.value.line == line


@pytest.mark.parametrize("change", [("0x1,", "0x2,"), ("3,", "4,"), ("drop", "output:9"), ("10.248.0.2", "10.248.0.3")])
def test_the_key_is_table_priority_and_match(change: tuple[str, str]) -> None:
    line = RULES[0]
    compiler = Compiler(TABLES)
    same = compiler.compile(line).key == compiler.compile(line.replace(*change, 1)).key
    assert same is (change[0] in ("0x1,", "drop"))


def test_a_match_written_in_another_order_is_the_same_rule() -> None:
    compiler = Compiler(TABLES)
    one = compiler.compile("table=first,priority=1,ip,nw_src=10.0.0.1,nw_dst=10.0.0.2,actions=drop")
    other = compiler.compile("table=first,priority=1,ip,nw_dst=10.0.0.2,nw_src=10.0.0.1/32,actions=drop")
    assert one.key == other.key
    with pytest.raises(RuleRefused, match="the same"):
        compiler.compile_all([one.line, other.line])


def test_a_rule_that_is_compiled_is_kept_until_there_are_too_many() -> None:
    compiler = Compiler(TABLES, lines_kept=3)
    rules = [f"table=first,priority={number},actions=drop" for number in range(9)]
    first = compiler.compile(rules[0])
    assert compiler.compile(rules[0]) is first
    assert [rule.line for rule in compiler.compile_all(rules).values()] == rules
    assert compiler.compile(rules[0]) == first


@pytest.mark.parametrize("line", RULES)
def test_a_deletion_names_the_rule_and_nothing_else(line: str) -> None:
    rule = Compiler(TABLES).compile(line)
    message = bytes(8) + delete(rule.key)
    assert flow_mod("", message).key == rule.key
    assert len(message) % 8 == 0
    assert key_parts(rule.key)[:2] == (rule.key[0], parse_flow(line, NAMES).priority)
