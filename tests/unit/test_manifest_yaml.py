"""Text that is no good YAML, and objects of no accepted kind."""

from __future__ import annotations

import pytest

from tests.unit.manifests import Case, cluster, faults_of, pod

CASES = [
    # YAML itself
    Case("broken", "a: [1,\n b: 2\n^", "", "broken YAML"),
    Case("tab", "a:\n^\tb: 1\n", "", "broken YAML"),
    Case("duplicate key", cluster("mtu: 1400\n^mtu: 1300"), "", "the key mtu again", hint="f.yaml:6:3"),
    Case("unknown tag", cluster("mtu: ^!foo 1400"), "", "the tag !foo"),
    Case("python tag", "a: ^!!python/object:os.system {}", "", "the tag !!python/object:os.system"),
    Case("binary tag", "a: ^!!binary aGk=", "", "the tag !!binary"),
    Case("wrong tag", cluster("mtu: ^!!int many"), "", "the tag !!int"),
    Case("number as key", pod("name: a, labels: {^1: x}"), "", "the key 1", "text", 'write "1" in quotes'),
    Case("boolean as key", pod("name: a, labels: {^on: x}"), "", "the key on", "text", 'write "on" in quotes'),
    Case("nothing as key", "{^~: x}", "", "the key ~"),
    Case("list as key", "{^[a]: x}", "", "the key that is a list"),
    Case("recursion", "a: &a [^*a]", "", "*a", "no recursion"),
    Case("unknown alias", "a: ^*a", "", "*a", "an anchor &a"),
    Case("deep", "[" * 101 + "^[", "", "nesting"),
    Case("NUL", "a: ^\0", "", "U+0000"),
    Case("bell", 'é: "^\a"', "", "U+0007"),
    Case("infinite", cluster("mtu: ^.inf"), "", ".inf", "a number"),
    Case("merge of a scalar", "{^<<: 1}", "", "<<"),
    # which kind it is
    Case("no mapping", f"{cluster()}---\n^[]\n", "", "an empty list", "an object"),
    Case("no kind", f"{cluster()}---\n^apiVersion: v1\n", "kind", "nothing", "Cluster, Namespace or Pod"),
    Case("unsupported kind", f"{cluster()}---\napiVersion: v1\nkind: ^Pood\n", "kind", '"Pood"', "Pod", '"Pod"'),
    Case("kind in lower case", f"{cluster()}---\napiVersion: v1\nkind: ^pod\n", "kind", '"pod"', "Pod", '"Pod"'),
    Case("kind not text", f"{cluster()}---\napiVersion: v1\nkind: ^{{}}\n", "kind", "an empty mapping"),
    Case("apiVersion", f"{cluster()}---\napiVersion: ^v2\nkind: Pod\n", "apiVersion", '"v2"', '"v1" for kind Pod'),
    Case("no apiVersion", f"{cluster()}---\n^kind: Pod\n", "apiVersion", "nothing", '"v1"'),
    Case("List without items", f"{cluster()}---\n^apiVersion: v1\nkind: List\n", "items", "nothing", "a list"),
    Case("List of apiVersion", f"{cluster()}---\napiVersion: ^v3\nkind: List\nitems: []\n", "apiVersion", '"v3"'),
    Case("inside a List", f"{cluster()}---\napiVersion: v1\nkind: List\nitems: [{{kind: ^Pood}}]\n", "kind", '"Pood"'),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_fault_is_named_once_at_its_place(case: Case) -> None:
    case.check()


def test_bytes_that_are_no_text_are_named_by_place() -> None:
    (fault,) = faults_of("ä: 1\nb: ".encode() + b"\xff")
    assert (fault.line, fault.column, "0xff" in fault.found) == (2, 4, True)


def test_a_bomb_of_aliases_is_refused_before_it_goes_off() -> None:
    bomb = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 90))
    (fault,) = faults_of(bomb)
    assert "stand for" in fault.found


def test_aliases_cannot_nest_deeper_than_text_may() -> None:
    tower = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 200))
    (fault,) = faults_of(tower)
    assert "nesting" in fault.found
