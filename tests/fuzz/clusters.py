"""Random manifests that are right, as plain values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from ipaddress import IPv4Network
from typing import Any

import yaml
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

NAMESPACES = ("default", "shop", "bank", "kube-system")
_POD_SPACE = (IPv4Network("10.0.0.0/8"), IPv4Network("100.64.0.0/10"), IPv4Network("172.16.0.0/13"))
_SERVICE_SPACE = IPv4Network("172.24.0.0/13")
_MACHINE_SPACE = (IPv4Network("192.168.0.0/17"), IPv4Network("192.168.128.0/17"))
_EXTERNAL_SPACE = IPv4Network("198.18.0.0/15")
_MOST_NODES = 6


class _Quoted(yaml.SafeDumper):
    """Writes every text in quotes, since YAML 1.1 takes a plain `y` for true and `1e3` for a number."""


_Quoted.add_representer(str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"'))


def to_yaml(values: Iterable[Any]) -> str:
    """The values as a stream of YAML documents."""
    return yaml.dump_all(values, Dumper=_Quoted, sort_keys=False)


names = st.text("abyz09", min_size=1, max_size=6).map("x{}".format) | st.sampled_from(("y", "no", "a-b"))
label_values = st.text("aZ0_.-", max_size=6).map("1{}1".format) | st.sampled_from(("", "yes", "1e3", "0x1"))


@st.composite
def networks_in(draw: DrawFn, space: IPv4Network, longest: int) -> IPv4Network:
    """A network inside `space`, of prefix length up to `longest`."""
    prefix = draw(st.integers(space.prefixlen, longest))
    number = draw(st.integers(0, (1 << prefix - space.prefixlen) - 1))
    return IPv4Network((int(space.network_address) + (number << 32 - prefix), prefix))


@st.composite
def pod_ranges(draw: DrawFn) -> list[tuple[IPv4Network, int]]:
    """One to three ranges of pod addresses, each with its hostPrefix."""
    ranges = []
    for space in draw(st.permutations(_POD_SPACE))[: draw(st.integers(1, 3))]:
        cidr = draw(networks_in(space, 30))
        ranges.append((cidr, draw(st.integers(cidr.prefixlen, min(cidr.prefixlen + 12, 30)))))
    return ranges


@st.composite
def subnets_to_ask_for(draw: DrawFn, ranges: list[tuple[IPv4Network, int]], nodes: int) -> list[str | None]:
    """For each node a subnet, or None; never more than there are."""
    asked: list[str | None] = []
    for _ in range(nodes):
        cidr, host_prefix = draw(st.sampled_from(ranges))
        number = draw(st.integers(0, (1 << host_prefix - cidr.prefixlen) - 1))
        subnet = str(IPv4Network((int(cidr.network_address) + (number << 32 - host_prefix), host_prefix)))
        asked.append(subnet if draw(st.booleans()) and subnet not in asked else None)
    return asked


@st.composite
def machines(draw: DrawFn, cidr: IPv4Network, count: int, prefix: str) -> list[dict[str, Any]]:
    """`count` machines in `cidr`, none of them at its first address."""
    offsets = draw(st.lists(st.integers(2, cidr.num_addresses - 2), min_size=count, max_size=count, unique=True))
    return [{"name": f"{prefix}{number}", "ip": str(cidr[offset])} for number, offset in enumerate(offsets)]


@st.composite
def specs(draw: DrawFn) -> dict[str, Any]:
    """A Cluster's spec."""
    ranges = draw(pod_ranges())
    room = sum(1 << host_prefix - cidr.prefixlen for cidr, host_prefix in ranges)
    machine_cidrs = [draw(networks_in(space, 28)) for space in _MACHINE_SPACE[: draw(st.integers(1, 2))]]
    count = draw(st.integers(1, min(_MOST_NODES, room)))
    first = draw(st.integers(0, count)) if len(machine_cidrs) > 1 else count
    nodes = draw(machines(machine_cidrs[0], first, "m"))
    if first < count:
        nodes += draw(machines(machine_cidrs[1], count - first, "k"))
    for node, subnet in zip(nodes, draw(subnets_to_ask_for(ranges, len(nodes))), strict=True):
        if subnet:
            node["subnet"] = subnet
    external = draw(networks_in(_EXTERNAL_SPACE, 28))
    spec = {
        "clusterNetwork": [{"cidr": str(cidr), "hostPrefix": prefix} for cidr, prefix in ranges],
        "serviceNetwork": [str(draw(networks_in(_SERVICE_SPACE, 32)))],
        "machineNetwork": [{"cidr": str(cidr)} for cidr in machine_cidrs],
        "nodes": nodes,
        "externalNetworks": [
            {"name": "internet", "cidr": str(external), "hosts": draw(machines(external, draw(st.integers(0, 3)), "h"))}
        ],
    }
    optional = {
        "mode": draw(st.sampled_from(("Subnet", "Multitenant", "NetworkPolicy"))),
        "mtu": draw(st.integers(576, 65485)),
        "vxlanPort": draw(st.integers(1, 65535)),
    }
    return spec | {key: value for key, value in optional.items() if draw(st.booleans())}


@st.composite
def pods(draw: DrawFn, spec: dict[str, Any]) -> list[dict[str, Any]]:
    """Pods on the nodes of `spec`, no more than the smallest subnet holds on each; one name in many namespaces."""
    smallest = max(network["hostPrefix"] for network in spec["clusterNetwork"])
    held = min((1 << 32 - smallest) - 3, 5)
    objects = []
    counts = Counter[str]()
    for node in spec["nodes"]:
        for _ in range(draw(st.integers(0, held))):
            namespace = draw(st.sampled_from(NAMESPACES))
            counts[namespace] += 1
            metadata: dict[str, Any] = {"name": f"p{counts[namespace]}"}
            if namespace != "default" or draw(st.booleans()):
                metadata["namespace"] = namespace
            if draw(st.booleans()):
                metadata["labels"] = draw(st.dictionaries(names, label_values, max_size=3))
            containers = [{"name": f"c{n}", "image": "i", **draw(ports())} for n in range(draw(st.integers(1, 2)))]
            spec_of_pod = {"nodeName": node["name"], "containers": containers}
            objects.append({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec_of_pod})
    return objects


@st.composite
def ports(draw: DrawFn) -> dict[str, Any]:
    """The ports of a container, or none."""
    count = draw(st.integers(0, 3))
    if not count:
        return {}
    return {
        "ports": [
            {
                "containerPort": draw(st.integers(1, 65535)),
                **draw(st.sampled_from(({}, {"protocol": "UDP"}, {"name": f"p{n}"}))),
            }
            for n in range(count)
        ]
    }


@st.composite
def documents(draw: DrawFn) -> list[dict[str, Any]]:
    """A Cluster and what runs in it, in any order."""
    spec = draw(specs())
    objects: list[dict[str, Any]] = [
        {"apiVersion": "sdn/v1", "kind": "Cluster", "metadata": {"name": draw(names)}, "spec": spec}
    ]
    objects += [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": {"team": name}}}
        for name in draw(st.lists(st.sampled_from(NAMESPACES), unique=True))
    ]
    return draw(st.permutations(objects + draw(pods(spec))))
