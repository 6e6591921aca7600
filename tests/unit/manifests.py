"""Small manifests to be wrong in one place, and what has to be said of them."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from sdn.errors import Fault, ManifestError
from sdn.manifest import Source, load


def cluster(spec: str = "", nodes: str = "[{name: n1, ip: 10.0.0.11}, {name: n2, ip: 10.0.0.12}]") -> str:
    indented = "\n".join(f"  {line}" for line in spec.splitlines())
    node_line = f"  nodes: {nodes}\n" if nodes else ""
    return f"apiVersion: sdn/v1\nkind: Cluster\nmetadata: {{name: lab}}\nspec:\n{node_line}{indented}\n"


def pod(metadata: str = "name: a", spec: str = "nodeName: n1", containers: str = "[{name: web, image: i}]") -> str:
    containers_line = f", containers: {containers}" if containers else ""
    return f"---\napiVersion: v1\nkind: Pod\nmetadata: {{{metadata}}}\nspec: {{{spec}{containers_line}}}\n"


def ports(text: str) -> str:
    return pod(containers=f"[{{name: web, image: i, ports: [{text}]}}]")


def external(text: str) -> str:
    return cluster(f"externalNetworks: [{text}]")


def many(count: int, node: str = "n1") -> str:
    return "".join(pod(f"name: p{number}", f"nodeName: {node}") for number in range(count))


@dataclass(frozen=True)
class Case:
    """A text with `^` right before the place where its one fault has to be, and parts of the fault's words."""

    name: str
    text: str
    field: str
    found: str = ""
    expected: str = ""
    hint: str = ""

    def check(self) -> None:
        """The fault is there, once, at its place; of what is missing (a Cluster) nothing is asked."""
        before, _, after = self.text.partition("^")
        (fault,) = (fault for fault in faults_of(before + after) if fault.found != "no Cluster document")
        assert (fault.file, fault.line) == ("f.yaml", before.count("\n") + 1)
        assert fault.column == len(before) - before.rfind("\n")
        assert fault.field == self.field
        assert str(fault).isprintable()
        assert self.found in fault.found
        assert self.expected in fault.expected
        assert self.hint in fault.hint


def faults_of(text: str | bytes) -> tuple[Fault, ...]:
    """The faults of a text, which has some."""
    with pytest.raises(ManifestError) as caught:
        load([Source("f.yaml", text)])
    return caught.value.faults
