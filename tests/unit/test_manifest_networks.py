"""Addresses, networks and subnets."""

from __future__ import annotations

from ipaddress import IPv4Address

import pytest

from sdn.manifest.node import MAX_PODS
from sdn.plan.switch import pod_port
from tests.unit.manifests import Case, cluster, external

CASES = [
    # addresses and networks
    Case("no address", cluster(nodes="[{name: n1, ip: ^10.0.0.256}]"), "spec.nodes[0].ip", '"10.0.0.256"', "an IPv4"),
    Case(
        "IPv6 address",
        cluster(nodes="[{name: n1, ip: ^'fd00::1'}]"),
        "spec.nodes[0].ip",
        '"fd00::1"',
        "an IPv4",
        "IPv6 is not supported",
    ),
    Case(
        "IPv6 network",
        cluster("serviceNetwork: [^'fd00::/112']"),
        "spec.serviceNetwork[0]",
        '"fd00::/112"',
        "an IPv4",
        "IPv6 is not supported",
    ),
    Case("netmask", cluster("serviceNetwork: [^172.30.0.0/255.255.0.0]"), "spec.serviceNetwork[0]", "/255", "an IPv4"),
    Case("no prefix", cluster("serviceNetwork: [^172.30.0.0]"), "spec.serviceNetwork[0]", '"172.30.0.0"', "an IPv4"),
    Case(
        "host bits",
        cluster("serviceNetwork: [^172.30.1.0/16]"),
        "spec.serviceNetwork[0]",
        "host bits",
        '"172.30.0.0/16"',
    ),
    Case("multicast", cluster("serviceNetwork: [^239.0.0.0/8]"), "spec.serviceNetwork[0]", "224.0.0.0/3", "unicast"),
    Case("everything", cluster("serviceNetwork: [^0.0.0.0/0]"), "spec.serviceNetwork[0]", "overlaps 0.0.0.0/8"),
    Case(
        "hostPrefix low",
        cluster("clusterNetwork: [{cidr: 10.128.0.0/14, hostPrefix: ^13}]"),
        *("spec.clusterNetwork[0].hostPrefix", "13", "at least 14"),
    ),
    Case(
        "default hostPrefix low",
        cluster("clusterNetwork: [^{cidr: 10.128.0.0/24}]"),
        *("spec.clusterNetwork[0].hostPrefix", "23", "at least 24"),
    ),
    Case("overlap", cluster("serviceNetwork: [^10.128.0.0/16]"), "spec.serviceNetwork[0]", "10.128.0.0/14", "its own"),
    Case(
        "overlap of two cluster networks",
        cluster("clusterNetwork: [{cidr: 10.128.0.0/16, hostPrefix: 24}, {cidr: ^10.128.0.0/14, hostPrefix: 24}]"),
        *("spec.clusterNetwork[1].cidr", "the cluster network 10.128.0.0/16"),
    ),
    Case(
        "overlap with a default",
        external("{name: x, cidr: ^172.30.7.0/24}"),
        "spec.externalNetworks[0].cidr",
        "the service network 172.30.0.0/16",
    ),
    Case(
        "overlap inside another, further on",
        external("{name: x1, cidr: 192.0.0.0/16}, {name: x2, cidr: ^192.0.1.0/24}, {name: x3, cidr: 198.0.9.0/24}"),
        "spec.externalNetworks[1].cidr",
    ),
    Case(
        "machine network too small",
        cluster("machineNetwork: [{cidr: ^10.0.0.8/31}]", nodes="[{name: n1, ip: 10.0.0.9}]"),
        "spec.machineNetwork[0].cidr",
        '"10.0.0.8/31"',
        "at most 30",
    ),
    Case(
        "gateway outside",
        cluster("machineNetwork: [{cidr: 10.0.0.0/16, gateway: ^10.1.0.1}]"),
        *("spec.machineNetwork[0].gateway", '"10.1.0.1"', "10.0.0.0/16"),
    ),
    Case(
        "gateway is broadcast",
        cluster("machineNetwork: [{cidr: 10.0.0.0/16, gateway: ^10.0.255.255}]"),
        *("spec.machineNetwork[0].gateway", '"10.0.255.255"', "between"),
    ),
    Case(
        "node outside", cluster(nodes="[{name: n1, ip: ^10.1.0.11}]"), "spec.nodes[0].ip", '"10.1.0.11"', "10.0.0.0/16"
    ),
    Case(
        "node is the gateway", cluster(nodes="[{name: n1, ip: ^10.0.0.1}]"), "spec.nodes[0].ip", "10.0.0.1", "gateway"
    ),
    Case(
        "node is the network", cluster(nodes="[{name: n1, ip: ^10.0.0.0}]"), "spec.nodes[0].ip", "10.0.0.0", "between"
    ),
    Case("node is broadcast", cluster(nodes="[{name: n1, ip: ^10.0.255.255}]"), "spec.nodes[0].ip", "", "between"),
    Case(
        "address twice",
        cluster(nodes="[{name: n1, ip: 10.0.0.11}, {name: n2, ip: ^10.0.0.11}]"),
        *("spec.nodes[1].ip", '"10.0.0.11"', "no other", "f.yaml:5:26"),
    ),
    Case(
        "host outside",
        external("{name: x, cidr: 192.0.2.0/24, hosts: [{name: h, ip: ^192.0.3.1}]}"),
        *("spec.externalNetworks[0].hosts[0].ip", '"192.0.3.1"', "192.0.2.0/24"),
    ),
    Case(
        "host is the gateway",
        external("{name: x, cidr: 192.0.2.0/24, hosts: [{name: h, ip: ^192.0.2.1}]}"),
        *("spec.externalNetworks[0].hosts[0].ip", '"192.0.2.1"', "gateway"),
    ),
    # subnets
    Case(
        "subnet outside",
        cluster(nodes="[{name: n1, ip: 10.0.0.11, subnet: ^10.9.0.0/23}]"),
        *("spec.nodes[0].subnet", '"10.9.0.0/23"', "10.128.0.0/14"),
    ),
    Case(
        "subnet of wrong length",
        cluster(nodes="[{name: n1, ip: 10.0.0.11, subnet: ^10.128.0.0/24}]"),
        *("spec.nodes[0].subnet", '"10.128.0.0/24"', "/23"),
    ),
    Case(
        "subnet twice",
        cluster(
            nodes="[{name: n1, ip: 10.0.0.11, subnet: 10.128.0.0/23},"
            " {name: n2, ip: 10.0.0.12, subnet: ^10.128.0.0/23}]"
        ),
        "spec.nodes[1].subnet",
        "",
        "no other",
        "f.yaml:5:45",
    ),
    Case(
        "more nodes than subnets",
        cluster(
            "clusterNetwork: [{cidr: 10.128.0.0/24, hostPrefix: 24}]",
            nodes="[{name: n1, ip: 10.0.0.11}, ^{name: n2, ip: 10.0.0.12}]",
        ),
        "spec.nodes[1]",
        "n2",
        "10.128.0.0/24 (/24)",
    ),
    Case(
        "more nodes than subnets, one asked for",
        cluster(
            "clusterNetwork: [{cidr: 10.128.0.0/23, hostPrefix: 24}]",
            nodes="[^{name: n1, ip: 10.0.0.11}, {name: n2, ip: 10.0.0.12, subnet: 10.128.0.0/24},"
            " {name: n3, ip: 10.0.0.13, subnet: 10.128.1.0/24}]",
        ),
        "spec.nodes[0]",
        "n1",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_fault_is_named_once_at_its_place(case: Case) -> None:
    case.check()


def test_the_last_pod_that_a_node_may_have_gets_the_last_port_number() -> None:
    base = IPv4Address("10.0.0.0")
    assert pod_port(base + 1 + MAX_PODS, int(base)) == 65279
