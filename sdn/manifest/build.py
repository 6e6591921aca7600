"""Checked documents to the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from sdn.manifest.default import completed
from sdn.manifest.document import Document
from sdn.model import (
    Cluster,
    ClusterNetwork,
    Container,
    ContainerPort,
    ExternalNetwork,
    Host,
    MachineNetwork,
    Mode,
    Namespace,
    Node,
    Objects,
    Pod,
    Protocol,
)

_NAME_LABEL = "kubernetes.io/metadata.name"  # every namespace has it; an API server sets it


def build(documents: Sequence[Document]) -> Objects:
    """The user's objects. `documents` have no fault."""
    (cluster,) = (document for document in documents if document.kind == "Cluster")
    pods = tuple(_pod(document) for document in documents if document.kind == "Pod")
    return Objects(_cluster(completed(cluster)), _namespaces(documents), pods)


def _cluster(document: Document) -> Cluster:
    spec = document.value["spec"]
    return Cluster(
        name=document.name,
        nodes=tuple(_node(node) for node in spec["nodes"]),
        network_type=spec["networkType"],
        mode=Mode(spec["mode"]),
        cluster_networks=tuple(
            ClusterNetwork(IPv4Network(network["cidr"]), int(network["hostPrefix"]))
            for network in spec["clusterNetwork"]
        ),
        service_networks=tuple(map(IPv4Network, spec["serviceNetwork"])),
        machine_networks=tuple(
            MachineNetwork(IPv4Network(network["cidr"]), IPv4Address(network["gateway"]))
            for network in spec["machineNetwork"]
        ),
        mtu=int(spec["mtu"]),
        vxlan_port=int(spec["vxlanPort"]),
        external_networks=tuple(map(_external_network, spec["externalNetworks"])),
    )


def _node(node: Mapping[str, Any]) -> Node:
    subnet = node.get("subnet")
    return Node(node["name"], IPv4Address(node["ip"]), IPv4Network(subnet) if subnet else None)


def _external_network(network: Mapping[str, Any]) -> ExternalNetwork:
    hosts = tuple(Host(host["name"], IPv4Address(host["ip"])) for host in network.get("hosts", ()))
    return ExternalNetwork(network["name"], IPv4Network(network["cidr"]), hosts)


def _namespaces(documents: Sequence[Document]) -> tuple[Namespace, ...]:
    """Every namespace that is named, in order of first appearance, and `default`."""
    labels: dict[str, Mapping[str, str]] = {}
    for document in documents:
        if document.kind == "Namespace":
            labels[document.name] = _labels(document)
        elif document.kind != "Cluster":
            labels.setdefault(document.namespace, {})
    labels.setdefault("default", {})
    return tuple(Namespace(name, tuple(sorted({**given, _NAME_LABEL: name}.items()))) for name, given in labels.items())


def _labels(document: Document) -> Mapping[str, str]:
    labels: Mapping[str, str] = document.value["metadata"].get("labels") or {}
    return labels


def _pod(document: Document) -> Pod:
    spec = document.value["spec"]
    return Pod(
        name=document.name,
        namespace=document.namespace,
        node_name=spec["nodeName"],
        containers=tuple(map(_container, spec["containers"])),
        labels=tuple(sorted(_labels(document).items())),
    )


def _container(container: Mapping[str, Any]) -> Container:
    return Container(
        name=container["name"],
        ports=tuple(map(_port, container.get("ports", ()))),
        command=tuple(container.get("command", ())),
        args=tuple(container.get("args", ())),
    )


def _port(port: Mapping[str, Any]) -> ContainerPort:
    protocol = Protocol(port.get("protocol") or Protocol.TCP)
    return ContainerPort(int(port["containerPort"]), protocol, port.get("name", ""))
