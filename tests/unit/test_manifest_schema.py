"""Fields that are unknown, missing, or of a wrong type or value."""

from __future__ import annotations

import pytest

from tests.unit.manifests import Case, cluster, pod, ports

CASES = [
    Case("unknown field", cluster("^mtuu: 1400"), "spec.mtuu", "not known", "mtu", 'did you mean "mtu"?'),
    Case(
        "unknown field, deep",
        ports("{containerPort: 80, ^protocal: TCP}"),
        *("spec.containers[0].ports[0].protocal", "not known", "protocol", '"protocol"'),
    ),
    Case(
        "unknown field, many", pod(spec="nodeName: n1, ^nodename: n1"), "spec.nodename", "not known", "", '"nodeName"'
    ),
    Case("unknown, nothing near", cluster("^zzz: 1"), "spec.zzz", "not known"),
    Case("missing", cluster(nodes="[^{name: n1}]"), "spec.nodes[0].ip", "nothing", "an IPv4 address"),
    Case("missing nodes", cluster("^mtu: 1400", nodes=""), "spec.nodes", "nothing", "a list"),
    Case("null", cluster("mtu: ^~"), "spec.mtu", "nothing", "576"),
    Case("null spec", "apiVersion: sdn/v1\nkind: Cluster\nmetadata: {name: lab}\nspec:^\n", "spec", "nothing"),
    Case("text for a number", cluster("mtu: ^'1400'"), "spec.mtu", '"1400"', "576"),
    Case(
        "number for text",
        cluster(nodes="[{name: ^5, ip: 10.0.0.11}]"),
        "spec.nodes[0].name",
        "5",
        "",
        "write it in quotes",
    ),
    Case("yes for text", pod("name: a, labels: {x: ^yes}"), "metadata.labels.x", "true", "text", "in quotes"),
    Case("null label", pod("name: a, labels: {x/y: ^~}"), "metadata.labels[x/y]", "nothing", "text"),
    Case("null item", pod(containers="[^~]"), "spec.containers[0]", "nothing", "a mapping"),
    Case("mapping for a list", pod(containers="^{}"), "spec.containers", "an empty mapping", "a list"),
    Case("enum", cluster("mode: ^Multitenants"), "spec.mode", '"Multitenants"', "NetworkPolicy", '"Multitenant"'),
    Case("networkType", cluster("networkType: ^OVNKubernetes"), "spec.networkType", '"OVN', "OpenShiftSDN"),
    Case("mtu low", cluster("mtu: ^575"), "spec.mtu", "575", "from 576 to 65485"),
    Case("mtu high", cluster("mtu: ^65486"), "spec.mtu", "65486", "from 576 to 65485"),
    Case("vxlanPort", cluster("vxlanPort: ^65536"), "spec.vxlanPort", "65536", "from 1 to 65535"),
    Case(
        "hostPrefix high",
        cluster("clusterNetwork: [{cidr: 10.128.0.0/14, hostPrefix: ^31}]"),
        *("spec.clusterNetwork[0].hostPrefix", "31", "at most 30"),
    ),
    Case("empty list", cluster("serviceNetwork: ^[]"), "spec.serviceNetwork", "an empty list", "not empty"),
    Case("no node", cluster(nodes="^[]"), "spec.nodes", "an empty list", "not empty"),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_fault_is_named_once_at_its_place(case: Case) -> None:
    case.check()
