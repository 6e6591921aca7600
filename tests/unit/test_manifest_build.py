"""What a good manifest means."""

from __future__ import annotations

import io
import json
import sys
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import jsonschema_rs
import pytest
import yaml

from sdn.errors import InputError
from sdn.manifest import Source, from_documents, load, read_sources, schema_for_editors
from sdn.model import Cluster, Container, ContainerPort, Mode, Namespace, Node, Objects, Pod, Protocol
from sdn.plan import plan
from tests.unit.manifests import cluster, pod

TOPOLOGIES = sorted((Path(__file__).parents[2] / "topologies").glob("*.yaml"))
SCHEMAS = Path(__file__).parents[2] / "sdn/manifest/schemas"


def objects(text: str) -> Objects:
    return load([Source("f.yaml", text)]).objects


def test_what_is_left_out_has_openshifts_defaults() -> None:
    nodes = (Node("n1", IPv4Address("10.0.0.11")), Node("n2", IPv4Address("10.0.0.12")))
    assert objects(cluster()).cluster == Cluster("lab", nodes)


def test_the_schema_tells_editors_the_same_defaults() -> None:
    spec = json.loads((SCHEMAS / "cluster.json").read_text())["$defs"]["ClusterSpec"]["properties"]
    defaults = {name: schema["default"] for name, schema in spec.items() if "default" in schema}
    given = "\n".join(f"{name}: {json.dumps(value)}" for name, value in defaults.items())
    assert objects(cluster(given)) == objects(cluster())


def test_a_machine_networks_gateway_is_its_first_address() -> None:
    result = objects(cluster("machineNetwork: [{cidr: 10.0.0.0/24}]"))
    assert result.cluster.machine_networks[0].gateway == IPv4Address("10.0.0.1")


def test_everything_that_is_said_arrives() -> None:
    text = cluster(
        "mode: Multitenant\nmtu: 1400\nvxlanPort: 4790\nclusterNetwork: [{cidr: 10.4.0.0/16, hostPrefix: 24}]\n"
        "externalNetworks: [{name: office, cidr: 192.0.2.0/24, hosts: [{name: www, ip: 192.0.2.9}]}]",
        nodes="[{name: n1, ip: 10.0.0.11, subnet: 10.4.7.0/24}]",
    )
    result = objects(text).cluster
    assert (result.mode, result.mtu, result.vxlan_port) == (Mode.MULTITENANT, 1400, 4790)
    assert result.nodes[0].subnet == IPv4Network("10.4.7.0/24")
    assert (result.cluster_networks[0].cidr, result.cluster_networks[0].host_prefix) == (IPv4Network("10.4.0.0/16"), 24)
    assert [(host.name, str(host.ip)) for host in result.external_networks[0].hosts] == [("www", "192.0.2.9")]


def test_a_pod_is_what_its_manifest_says() -> None:
    containers = (
        "[{name: web, image: i, command: [sleep], args: ['1'], ports: [{containerPort: 80, name: http}]},"
        " {name: dns, ports: [{containerPort: 53, protocol: UDP}]}]"
    )
    metadata = "name: a, namespace: shop, labels: {x: b, app: web}"
    (result,) = objects(cluster() + pod(metadata, containers=containers)).pods
    assert result == Pod(
        "a",
        "shop",
        "n1",
        (
            Container("web", (ContainerPort(80, Protocol.TCP, "http"),), ("sleep",), ("1",)),
            Container("dns", (ContainerPort(53, Protocol.UDP),)),
        ),
        (("app", "web"), ("x", "b")),
    )


def test_every_namespace_that_is_named_is_there_and_knows_its_name() -> None:
    text = pod("name: a, namespace: shop") + "---\n" + cluster() + pod()
    text += "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: bank, labels: {team: money}}\n"
    text += "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {kubernetes.io/metadata.name: x}}\n"
    assert objects(text).namespaces == (
        Namespace("shop", (("kubernetes.io/metadata.name", "shop"),)),
        Namespace("default", (("kubernetes.io/metadata.name", "default"),)),
        Namespace("bank", (("kubernetes.io/metadata.name", "bank"), ("team", "money"))),
    )


def test_a_list_is_its_items_and_null_is_absent() -> None:
    item = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "namespace": None, "labels": None}}
    item |= {"spec": {"nodeName": "n1", "securityContext": None, "containers": [{"name": "c", "ports": None}]}}
    inner = {"apiVersion": "v1", "kind": "List", "items": [item]}
    outer = {"apiVersion": "v1", "kind": "List", "metadata": {}, "items": [inner, *yaml.safe_load_all(cluster())]}
    loaded = load([Source("f.json", json.dumps(outer))])
    assert [document["kind"] for document in loaded.documents] == ["Pod", "Cluster"]
    assert "namespace" not in loaded.documents[0]["metadata"]
    assert loaded.objects == from_documents([outer]) == from_documents(loaded.documents)


def test_a_pod_as_kubectl_prints_it_is_accepted() -> None:
    printed = (
        "name: a, uid: x, creationTimestamp: 2024-01-01T00:00:00Z, managedFields: [{manager: k, time: 2024-01-01}]"
    )
    text = cluster() + pod(printed) + "status: {phase: Running, podIPs: [{ip: 10.0.0.1}]}\n"
    assert objects(text).pods == objects(cluster() + pod()).pods


def test_several_sources_are_one_input() -> None:
    together = load([Source("one.yaml", pod()), Source("two.yaml", cluster().encode())])
    assert together.objects == objects(pod() + "---\n" + cluster())


@pytest.mark.parametrize("path", TOPOLOGIES, ids=lambda path: path.stem)
def test_each_topology_is_right_and_shows_what_a_lab_needs(path: Path) -> None:
    loaded = load(read_sources([str(path)]))
    result = loaded.objects
    assert result.cluster.name == path.stem
    assert path.read_text().startswith("# ")
    assert "www" in [host.name for network in result.cluster.external_networks for host in network.hosts]
    assert all(any(port.protocol is Protocol.TCP for port in pod.ports) for pod in result.pods)
    assert {pod.node_name for pod in result.pods} == {node.name for node in result.cluster.nodes}
    assert len(plan(result).pods) == len(result.pods)
    validator = jsonschema_rs.Draft202012Validator(schema_for_editors())
    assert all(validator.is_valid(document) for document in loaded.documents)


def test_the_schema_for_editors_refuses_what_is_refused() -> None:
    validator = jsonschema_rs.Draft202012Validator(schema_for_editors())
    for text in (cluster("mtuu: 1"), cluster("mtu: 1"), cluster().replace("sdn/v1", "sdn/v2").replace("lab", "L")):
        (value,) = yaml.safe_load_all(text)
        assert not validator.is_valid(value)


def test_sources_are_read_in_order_and_from_the_standard_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.yaml").write_bytes(b"a: 1\n")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"b: 2\n")))
    path = str(tmp_path / "a.yaml")
    assert read_sources([path, "-"]) == [Source(path, b"a: 1\n"), Source("<stdin>", b"b: 2\n")]


@pytest.mark.parametrize("path", ["missing.yaml", "", ".", "a\0b", "/dev/zero", "x" * 5000])
def test_what_cannot_be_read_is_an_input_error(path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError):
        read_sources([path])
