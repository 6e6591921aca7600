"""Faults of several documents and files, and of plain values."""

from __future__ import annotations

import pytest

from sdn.errors import ManifestError
from sdn.manifest import Source, from_documents, load
from tests.unit.manifests import cluster, faults_of, pod


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n---\n...\n", pod()])
def test_there_has_to_be_a_cluster(text: str) -> None:
    (fault,) = (fault for fault in faults_of(text) if not fault.line)
    assert (fault.file, fault.found) == ("f.yaml", "no Cluster document")


def test_a_cluster_that_cannot_be_read_is_not_said_to_be_missing() -> None:
    assert [fault.field for fault in faults_of(cluster().replace("Cluster", "Clustr") + pod())] == ["kind"]


def test_no_message_carries_the_users_control_characters() -> None:
    nodes = r'[{name: "\e[31mn1", ip: "\e[31m"}, {name: "\e[31mn1", ip: 10.0.0.12}]'
    faults = faults_of(cluster(r'"\e[31m": 1', nodes) + pod(r'name: "\e[31m"', r'nodeName: "\e[32mn1"'))
    assert len(faults) > 5
    assert all(str(fault).isprintable() for fault in faults)


def test_a_missing_line_between_objects_is_guessed() -> None:
    faults = faults_of(pod() + cluster())
    assert ["is --- missing" in fault.hint for fault in faults] == [True, True, False, False]


def test_faults_of_all_files_come_together_in_the_order_of_the_files() -> None:
    sources = [
        Source("z.yaml", cluster("mtuu: 1\nmtu: 1")),
        Source("a.yaml", pod("name: A", "nodeName: n9") + "---\nkind: Pood\n---\na: [\n"),
    ]
    with pytest.raises(ManifestError) as caught:
        load(sources)
    places = [(fault.file, fault.line, fault.field) for fault in caught.value.faults]
    assert places == [
        ("z.yaml", 6, "spec.mtuu"),
        ("z.yaml", 7, "spec.mtu"),
        ("a.yaml", 4, "metadata.name"),
        ("a.yaml", 5, "spec.nodeName"),
        ("a.yaml", 7, "kind"),
        ("a.yaml", 10, ""),
    ]


def test_a_fault_names_the_other_file_that_it_is_about() -> None:
    with pytest.raises(ManifestError) as caught:
        load([Source("one.yaml", cluster() + pod()), Source("two.yaml", pod())])
    (fault,) = caught.value.faults
    assert (fault.file, fault.hint) == ("two.yaml", "the first is at one.yaml:10:18")


def test_plain_values_are_checked_alike_and_named_by_object() -> None:
    objects = [
        {"apiVersion": "sdn/v1", "kind": "Cluster", "metadata": {"name": "lab"}, "spec": {"nodes": [{"name": "n1"}]}},
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": {"containers": [], "nodeName": "n1"}},
        {"apiVersion": "v1", "kind": "Pod"},
    ]
    with pytest.raises(ManifestError) as caught:
        from_documents(objects)
    assert [(fault.file, fault.line, fault.field) for fault in caught.value.faults] == [
        ("object Cluster lab", 0, "spec.nodes[0].ip"),
        ("object Pod default/a", 0, "spec.containers"),
        ("object 3", 0, "metadata.name"),
        ("object 3", 0, "spec.containers"),
        ("object 3", 0, "spec.nodeName"),
    ]


def test_plain_values_that_nest_too_deep_are_refused() -> None:
    deep: dict[str, object] = {}
    for _ in range(5000):
        deep = {"a": deep}
    with pytest.raises(ManifestError, match="nesting"):
        from_documents([deep])
