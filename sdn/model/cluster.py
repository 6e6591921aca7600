"""The Cluster document: what Kubernetes cannot say. Field names are OpenShift's (install-config `networking`)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network


class Mode(StrEnum):
    """How namespaces are kept apart; OpenShift SDN's three plugins."""

    SUBNET = "Subnet"
    MULTITENANT = "Multitenant"
    NETWORK_POLICY = "NetworkPolicy"


@dataclass(frozen=True)
class ClusterNetwork:
    """A range of pod addresses; each node gets a subnet of `host_prefix` bits of it."""

    cidr: IPv4Network
    host_prefix: int


@dataclass(frozen=True)
class MachineNetwork:
    """The real network that the nodes are on, and its router."""

    cidr: IPv4Network
    gateway: IPv4Address


@dataclass(frozen=True)
class Node:
    """A machine of the cluster. Without `subnet` one is allocated in OpenShift's order."""

    name: str
    ip: IPv4Address
    subnet: IPv4Network | None = None


@dataclass(frozen=True)
class Host:
    """A machine outside the cluster."""

    name: str
    ip: IPv4Address


@dataclass(frozen=True)
class ExternalNetwork:
    """A network beyond the machine network's gateway; the gateway has its first address."""

    name: str
    cidr: IPv4Network
    hosts: tuple[Host, ...] = ()


@dataclass(frozen=True)
class Cluster:
    """One cluster network. `mtu` is in bytes, of the pods' interfaces; `vxlan_port` is a UDP port."""

    name: str
    nodes: tuple[Node, ...]
    network_type: str = "OpenShiftSDN"
    mode: Mode = Mode.NETWORK_POLICY
    cluster_networks: tuple[ClusterNetwork, ...] = (ClusterNetwork(IPv4Network("10.128.0.0/14"), 23),)
    service_networks: tuple[IPv4Network, ...] = (IPv4Network("172.30.0.0/16"),)
    machine_networks: tuple[MachineNetwork, ...] = (
        MachineNetwork(IPv4Network("10.0.0.0/16"), IPv4Address("10.0.0.1")),
    )
    mtu: int = 1450
    vxlan_port: int = 4789
    external_networks: tuple[ExternalNetwork, ...] = ()
