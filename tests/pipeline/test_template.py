"""What a template may say, and what may be rendered into a rule."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address

import pytest

from sdn.errors import PipelineError
from sdn.pipeline.template import Template
from sdn.plan import Mac, Ref

FILE = "flows/00-one.flows"


def rendered(text: str, **names: object) -> list[tuple[int, str]]:
    return list(Template(FILE, text).render(names))


def test_loops_conditions_and_names_render_with_the_line_of_each_rule() -> None:
    text = "# {{ nothing }}\n{% for n in ns %}\na={{ n }}\n\n{% if n %}\nb\n{% else %}\nc\n{% endif %}\n{% endfor %}\nd"
    assert rendered(text, ns=[0, 7]) == [(3, "a=0"), (8, "c"), (3, "a=7"), (6, "b"), (11, "d")]


def test_a_loop_inside_a_line_stays_on_it() -> None:
    assert rendered("\nactions={% for n in ns %}output:{{ n }},{% endfor %}drop", ns=[3, 4]) == [
        (2, "actions=output:3,output:4,drop")
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (5, "5"),
        (Mac("0a:58:0a:f8:00:02"), "0a:58:0a:f8:00:02"),
        (IPv4Address("10.0.0.1"), "10.0.0.1"),
        (IPv4Network("10.0.0.0/8"), "10.0.0.0/8"),
        (Ref("Pod default/a"), str(Ref("Pod default/a"))),
    ],
)
def test_numbers_and_addresses_are_rendered(value: object, text: str) -> None:
    assert rendered("x={{ it }}", it=value) == [(1, f"x={text}")]


@pytest.mark.parametrize("value", ["text", "5", True, None, 1.5, b"x", [1], IPv6Address("::1"), Ref])
def test_nothing_else_is_rendered(value: object) -> None:
    with pytest.raises(PipelineError, match=r"^flows/00-one\.flows:3: .*only a number"):
        rendered("\n\nx={{ it }}", it=value)


@pytest.mark.parametrize(
    "text", ["{{ gone }}", "{{ it.gone }}", "{% if gone %}x{% endif %}", "{% for x in gone %}{% endfor %}"]
)
def test_a_name_that_is_not_known_is_an_error_with_its_line(text: str) -> None:
    with pytest.raises(PipelineError, match=r"^flows/00-one\.flows:2: .*gone"):
        rendered(f"\n{text}", it=5)


@pytest.mark.parametrize(
    "text",
    [
        "{{ a|int }}",
        "{{ a is defined }}",
        "{{ a() }}",
        "{{ a + 1 }}",
        "{{ -a }}",
        "{{ a == 1 }}",
        "{{ a and b }}",
        "{{ not a }}",
        "{{ a[0] }}",
        "{{ a ~ b }}",
        "{{ 5 }}",
        "{{ 'text' }}",
        "{{ a if b else c }}",
        "{% set a = 1 %}",
        "{% macro m() %}{% endmacro %}",
        "{% include 'x' %}",
        "{% import 'x' as x %}",
        "{% extends 'x' %}",
        "{% block x %}{% endblock %}",
        "{% filter upper %}{% endfilter %}",
        "{% for x in a if x %}{% endfor %}",
        "{% for x in a %}{% else %}{% endfor %}",
        "{% for x in a recursive %}{% endfor %}",
        "{% for x, y in a %}{% endfor %}",
        "{% for x in a %}{{ loop.index }}{% endfor %}",
        "{{ a.__class__ }}",
        "{{ _a }}",
        "{{ self }}",
        "{% for x in range(3) %}{% endfor %}",
        "{% with %}{% endwith %}",
        "{% endfor %}",
        "{{ a",
        "{{ a\n}}",
    ],
)
def test_anything_but_loops_conditions_and_names_is_refused_with_its_line(text: str) -> None:
    with pytest.raises(PipelineError, match=r"^flows/00-one\.flows:[23]: "):
        rendered(f"\n{text}", a=5, b=6, c=7)


@pytest.mark.parametrize("name", ["range", "dict", "namespace", "cycler"])
def test_jinjas_own_names_are_not_there(name: str) -> None:
    with pytest.raises(PipelineError, match="undefined"):
        rendered("{{ " + name + " }}")
