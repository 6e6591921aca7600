"""Names, pods and their ports, and where pods are."""

from __future__ import annotations

import pytest

from tests.unit.manifests import Case, cluster, external, many, pod, ports

CASES = [
    Case("lab name", cluster().replace("lab", "^La_b"), "metadata.name", '"La_b"', "a DNS label"),
    Case("node name", cluster(nodes="[{name: ^n_1, ip: 10.0.0.11}]"), "spec.nodes[0].name", '"n_1"', "a DNS name"),
    Case("node name long", cluster(nodes=f"[{{name: ^{'n' * 254}, ip: 10.0.0.11}}]"), "spec.nodes[0].name", "nnn"),
    Case(
        "node name twice",
        cluster(nodes="[{name: m, ip: 10.0.0.11}, {name: ^m, ip: 10.0.0.12}]"),
        *("spec.nodes[1].name", "m again", "no other", "f.yaml:5:18"),
    ),
    Case("reserved", cluster(nodes="[{name: ^gateway, ip: 10.0.0.11}]"), "spec.nodes[0].name", '"gateway"'),
    Case(
        "reserved host",
        external("{name: x, cidr: 192.0.2.0/24, hosts: [{name: ^fabric, ip: 192.0.2.9}]}"),
        *("spec.externalNetworks[0].hosts[0].name", '"fabric"'),
    ),
    Case(
        "host named as a node",
        external("{name: x, cidr: 192.0.2.0/24, hosts: [{name: ^n1, ip: 192.0.2.9}]}"),
        *("spec.externalNetworks[0].hosts[0].name", "n1 again", "", "f.yaml:5:18"),
    ),
    Case(
        "external network twice",
        external("{name: x, cidr: 192.0.2.0/24}, {name: ^x, cidr: 203.0.113.0/24}"),
        *("spec.externalNetworks[1].name", "x again"),
    ),
    Case(
        "no pod name",
        cluster() + pod("namespace: a").replace("{namespace", "^{namespace"),
        "metadata.name",
        "nothing",
        "a name",
    ),
    Case("pod name", cluster() + pod("name: ^A"), "metadata.name", '"A"', "a DNS name"),
    Case("pod name long", cluster() + pod(f"name: ^{'a' * 250}"), "metadata.name", "aaa", "254"),
    Case("namespace name", cluster() + pod("name: a, namespace: ^a.b"), "metadata.namespace", '"a.b"', "a DNS label"),
    Case(
        "Namespace",
        f"{cluster()}---\napiVersion: v1\nkind: Namespace\nmetadata: {{name: ^a.b}}\n",
        *("metadata.name", '"a.b"', "a DNS label"),
    ),
    Case("container name", cluster() + pod(containers="[{name: ^W, image: i}]"), "spec.containers[0].name", '"W"'),
    Case(
        "container twice", cluster() + pod(containers="[{name: w}, {name: ^w}]"), "spec.containers[1].name", "w again"
    ),
    Case("label key", cluster() + pod("name: a, labels: {^a/b/c: d}"), "metadata.labels[a/b/c]", '"a/b/c"', "key"),
    Case("label value", cluster() + pod("name: a, labels: {a: ^'b c'}"), "metadata.labels.a", '"b c"', "63"),
    # pods
    Case("unknown node", cluster() + pod(spec="nodeName: ^n22"), "spec.nodeName", '"n22"', "n1, n2", 'mean "n2"'),
    Case(
        "no node",
        cluster() + pod(spec="restartPolicy: Never").replace("{rest", "^{rest"),
        "spec.nodeName",
        "nothing",
        "nothing schedules",
    ),
    Case(
        "hostNetwork", cluster() + pod(spec="nodeName: n1, hostNetwork: ^yes"), "spec.hostNetwork", "true", "not supp"
    ),
    Case("no containers", cluster() + pod(containers="^[]"), "spec.containers", "an empty list", "not empty"),
    Case("port", cluster() + ports("{containerPort: ^0}"), "spec.containers[0].ports[0].containerPort", "0", "65535"),
    Case(
        "protocol",
        cluster() + ports("{containerPort: 80, protocol: ^tcp}"),
        *("spec.containers[0].ports[0].protocol", '"tcp"', "TCP, UDP or SCTP", '"TCP"'),
    ),
    Case(
        "port name", cluster() + ports("{containerPort: 80, name: ^1--2}"), "spec.containers[0].ports[0].name", "1--2"
    ),
    Case(
        "port name twice",
        cluster() + ports("{containerPort: 80, name: p}, {containerPort: 81, name: ^p}"),
        *("spec.containers[0].ports[1].name", "p again", "", "f.yaml:11"),
    ),
    Case(
        "object twice", cluster() + pod() + pod("name: ^a"), "metadata.name", "Pod default/a again", "", "f.yaml:10:18"
    ),
    Case("object twice, default named", cluster() + pod() + pod("namespace: default, name: ^a"), "metadata.name"),
    Case(
        "two Clusters",
        cluster() + "---\n" + cluster().replace("lab", "^lab"),
        "metadata.name",
        "a second Cluster",
        "one",
        "f.yaml:3:18",
    ),
    Case(
        "more pods than the subnet holds",
        cluster("clusterNetwork: [{cidr: 10.128.0.0/16, hostPrefix: 29}]") + many(5) + pod("name: z", "nodeName: ^n1"),
        *("spec.nodeName", "one pod more", "at most 5 pods on n1"),
    ),
    Case(
        "more pods than the second range's subnet holds",
        cluster("clusterNetwork: [{cidr: 10.128.0.0/24, hostPrefix: 24}, {cidr: 10.129.0.0/24, hostPrefix: 30}]")
        + many(9)
        + pod("name: x", "nodeName: n2")
        + pod("name: z", "nodeName: ^n2"),
        *("spec.nodeName", "one pod more", "at most 1 pods on n2"),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_fault_is_named_once_at_its_place(case: Case) -> None:
    case.check()
