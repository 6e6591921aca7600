"""Each thing that can be wrong in a manifest is named once, at its place.

`^` stands in the texts right before the place where the fault has to be. It is taken out before they are read.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from sdn.errors import Fault, ManifestError
from sdn.manifest import Source, from_documents, load

MARK = "^"


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
    name: str
    text: str
    field: str
    found: str = ""
    expected: str = ""
    hint: str = ""


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
    # schemas
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
    # names
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


def faults_of(text: str | bytes) -> tuple[Fault, ...]:
    with pytest.raises(ManifestError) as caught:
        load([Source("f.yaml", text)])
    return caught.value.faults


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_fault_is_named_once_at_its_place(case: Case) -> None:
    before, _, after = case.text.partition(MARK)
    (fault,) = (fault for fault in faults_of(before + after) if fault.found != "no Cluster document")
    assert (fault.file, fault.line) == ("f.yaml", before.count("\n") + 1)
    assert fault.column == len(before) - before.rfind("\n")
    assert fault.field == case.field
    assert case.found in fault.found
    assert case.expected in fault.expected
    assert case.hint in fault.hint


def test_bytes_that_are_no_text_are_named_by_place() -> None:
    (fault,) = faults_of("ä: 1\nb: ".encode() + b"\xff")
    assert (fault.line, fault.column, "0xff" in fault.found) == (2, 4, True)


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n---\n...\n", pod()])
def test_there_has_to_be_a_cluster(text: str) -> None:
    (fault,) = (fault for fault in faults_of(text) if not fault.line)
    assert (fault.file, fault.found) == ("f.yaml", "no Cluster document")


def test_a_cluster_that_cannot_be_read_is_not_said_to_be_missing() -> None:
    assert [fault.field for fault in faults_of(cluster().replace("Cluster", "Clustr") + pod())] == ["kind"]


def test_a_bomb_of_aliases_is_refused_before_it_goes_off() -> None:
    bomb = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 90))
    (fault,) = faults_of(bomb)
    assert "stand for" in fault.found


def test_aliases_cannot_nest_deeper_than_text_may() -> None:
    tower = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 200))
    (fault,) = faults_of(tower)
    assert "nesting" in fault.found


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
