"""Whatever comes in: faults with their places or a lab that can be planned, never a traceback, never a hang."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from sdn.errors import ManifestError
from sdn.manifest import Source, from_documents, load
from sdn.plan import plan
from tests.fuzz.clusters import to_yaml
from tests.fuzz.settings import fuzz

TOPOLOGIES = {path.name: path.read_text() for path in Path(__file__).parents[2].glob("topologies/*.yaml")}
VALUES = {name: list(yaml.safe_load_all(text)) for name, text in TOPOLOGIES.items()}
TOKENS = [
    *[
        ":",
        "-",
        ",",
        "[",
        "]",
        "{",
        "}",
        "&",
        "*",
        "!",
        "|",
        ">",
        "'",
        '"',
        "%",
        "@",
        "`",
        "#",
        "?",
        "~",
        "<<",
        "*a",
        "&a",
    ],
    *(
        "\n",
        "\t",
        "  ",
        "---\n",
        "!!int ",
        "!!binary ",
        "yes",
        "null",
        ".inf",
        "0x1",
        "1e999",
        "\0",
        "\ufeff",
        "\u2028",
    ),
    *("10.248.0.0/14", "10.252.7.20", "0.0.0.0/0", "fd00::/64", "255.255.255.255", "node1", "gateway", "Cluster"),
]

scalars = st.sampled_from([None, True, 0, -1, 70000, 1 << 70, 1.5, float("nan"), "", "a", "node1", "10.248.0.0/14"])
scalars |= st.text(max_size=8) | st.integers() | st.floats()
trees = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)


def check(text: str | bytes) -> None:
    """Load `text`: it can be planned, or each of its faults is placed within it."""
    try:
        loaded = load([Source("f.yaml", text)])
    except ManifestError as error:
        faults = error.faults
    else:
        plan(loaded.objects)
        assert from_documents(loaded.documents) == loaded.objects
        return
    assert 0 < len(faults) == len(set(faults))
    lines = len(text.splitlines()) + 1
    for fault in faults:
        assert 0 <= fault.line <= lines
        assert (fault.line == 0) == (fault.column == 0)
        assert str(fault).isprintable()


@fuzz
@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes(content: bytes) -> None:
    check(content)


@fuzz
@given(st.lists(st.sampled_from(TOKENS), max_size=30).map("".join))
@example("? " * 300)
@example("- " * 300)
@example("{a: " * 300)
def test_any_tokens(text: str) -> None:
    check(text)


@st.composite
def texts(draw: DrawFn) -> str:
    """A topology with a few stretches of it left out, doubled, moved or replaced."""
    text = TOPOLOGIES[draw(st.sampled_from(sorted(TOPOLOGIES)))]
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 40)))
        middle = draw(st.sampled_from(TOKENS) | st.just(text[start:end] * 2) | st.text(max_size=5) | st.just(""))
        text = text[:start] + middle + text[end:]
    return text


@fuzz
@given(texts())
def test_a_topology_with_its_text_disturbed(text: str) -> None:
    check(text)


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every container in `value` with each of its keys."""
    if isinstance(value, dict):
        return [(value, key) for key in value] + [place for part in value.values() for place in places(part)]
    if isinstance(value, list):
        return [(value, number) for number in range(len(value))] + [place for part in value for place in places(part)]
    return []


@st.composite
def changed(draw: DrawFn) -> list[Any]:
    """A topology's objects with a few of their values left out, doubled, swapped, renamed or replaced."""
    objects = copy.deepcopy(VALUES[draw(st.sampled_from(sorted(VALUES)))])
    for _ in range(draw(st.integers(1, 3))):
        found = places(objects)
        holder, key = draw(st.sampled_from(found))
        how = draw(st.sampled_from(("leave out", "double", "swap", "rename", "replace", "nudge")))
        if how == "leave out":
            del holder[key]
        elif how == "double" and isinstance(holder, list):
            holder.append(copy.deepcopy(holder[key]))
        elif how == "swap":
            other, other_key = draw(st.sampled_from(found))
            holder[key] = copy.deepcopy(other[other_key])
        elif how == "rename" and isinstance(holder, dict):
            holder[key + draw(st.text("ax", min_size=1, max_size=2))] = holder.pop(key)
        elif how == "nudge" and isinstance(holder[key], str) and holder[key]:
            at = draw(st.integers(0, len(holder[key]) - 1))
            holder[key] = holder[key][:at] + draw(st.sampled_from("0129./-aA")) + holder[key][at + 1 :]
        else:
            holder[key] = draw(trees)
        if not objects:
            break
    return objects


def outcome(values: list[Any], text: str | None) -> set[tuple[str, str]] | None:
    """Where each fault of `values`, or of `text` that says the same, is, and what it expects; None without any."""
    try:
        objects = from_documents(values) if text is None else load([Source("f.yaml", text)]).objects
    except ManifestError as error:
        return {(fault.field, fault.expected) for fault in error.faults}
    plan(objects)
    return None


def finite(value: Any) -> bool:
    """Whether JSON can say it."""
    try:
        json.dumps(value, allow_nan=False)
    except ValueError:
        return False
    return True


@fuzz
@given(changed().filter(finite))
def test_a_topology_with_its_values_disturbed(objects: list[Any]) -> None:
    text = to_yaml(objects)
    check(text)
    present = [value for value in objects if value is not None]  # an empty document is none
    assert outcome(present, None) == outcome(present, text)


@fuzz
@given(st.lists(trees, max_size=4))
def test_any_values(objects: list[Any]) -> None:
    with pytest.raises(ManifestError):
        from_documents(objects)


@fuzz
@given(st.integers(1, 60), st.integers(1, 12), st.sampled_from(("[{}]", "{{x: [{}]}}", "{{<<: [{}]}}")), st.booleans())
def test_aliases_of_aliases(levels: int, width: int, shape: str, cluster: bool) -> None:
    # in a Namespace's status, which may hold anything, so that all steps see it
    lines = ["apiVersion: v1", "kind: Namespace", "metadata: {name: shop}", "status:", "  a0: &a0 {k: v}"]
    for level in range(1, levels):
        lines.append(f"  a{level}: &a{level} " + shape.format(", ".join([f"*a{level - 1}"] * width)))
    check("\n".join(lines) + (f"\n---\n{TOPOLOGIES['single-node.yaml']}" if cluster else ""))


@fuzz
@given(st.sampled_from(("[", "{a: ", "- ", "? ", "&a [", "!!map {a: ", "[[], ")), st.integers(1, 20_000))
def test_nesting(opening: str, depth: int) -> None:
    check(opening * depth)
