"""The Cluster document's machines: nodes, their subnets, and hosts outside."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from ipaddress import IPv4Address, IPv4Network

from sdn.errors import Fault
from sdn.manifest.address import parse_address, parse_network
from sdn.manifest.document import Field
from sdn.manifest.kind import nearest
from sdn.manifest.network import Networks, PodRange, Segment, outside

RESERVED = ("fabric", "gateway")  # the network namespaces of everything between the machines
MAX_PODS = 65277  # OpenFlow's port numbers end at 65279; 1 and 2 are vxlan0 and tun0


def check_machines(spec: Field, networks: Networks, faults: list[Fault]) -> None:
    """Check the names and addresses of nodes and hosts."""
    machines = list(spec["nodes"])
    faults.extend(_address_faults(spec["nodes"], networks.machines))
    for network, segment in zip(spec["externalNetworks"], networks.externals, strict=True):
        machines += network["hosts"]
        faults.extend(_address_faults(network["hosts"], (segment,)))
    faults.extend(_name_faults(machines))
    faults.extend(_twice((network["name"] for network in spec["externalNetworks"]), "external network"))


def _name_faults(machines: Iterable[Field]) -> Iterator[Fault]:
    names = [machine["name"] for machine in machines]
    for name in names:
        if name.value in RESERVED:
            yield name.fault(f"another name: the lab uses {' and '.join(RESERVED)} itself")
    yield from _twice(names, "node or host")


def _twice(names: Iterable[Field], role: str) -> Iterator[Fault]:
    first: dict[str, Field] = {}
    for name in names:
        if name.value in first:
            found = f"{name.value} again"
            yield name.fault(f"a name that no other {role} has", found, f"it is first at {first[name.value].where}")
        first.setdefault(name.value, name)


def _address_faults(machines: Iterable[Field], segments: Sequence[Segment | None]) -> Iterator[Fault]:
    known = [segment for segment in segments if segment]
    taken: dict[IPv4Address, Field] = {}
    for machine in machines:
        faults: list[Fault] = []
        field = machine["ip"]
        ip = parse_address(field, faults)
        yield from faults
        if ip is None:
            continue
        segment = next((each for each in known if ip in each.network), None)
        if ip in taken:
            yield field.fault("an address that no other machine has", hint=f"it is first at {taken[ip].where}")
        elif segment is None and None not in segments:
            yield field.fault(f"an address in {' or '.join(str(each.network) for each in known)}")
        elif segment and (refused := outside(ip, segment.network)):
            yield field.fault(refused)
        elif segment and ip == segment.gateway:
            yield field.fault("another address: that is the gateway's")
        taken.setdefault(ip, field)


def check_subnets(nodes: Field, ranges: Sequence[PodRange], faults: list[Fault]) -> dict[str, IPv4Network] | None:
    """The subnet of each node that asks for one, by name; None (and faults) if one is wrong."""
    before = len(faults)
    asked: dict[str, IPv4Network] = {}
    fields: dict[IPv4Network, Field] = {}
    for node in nodes:
        field = node["subnet"]
        if field.value is None or (subnet := parse_network(field, faults)) is None:
            continue
        faults.extend(_subnet_faults(field, subnet, ranges))
        if subnet in fields:
            hint = f"it is first at {fields[subnet].where}"
            faults.append(field.fault("a subnet that no other node has", hint=hint))
        fields.setdefault(subnet, field)
        asked[node["name"].value] = subnet
    return asked if len(faults) == before else None


def _subnet_faults(field: Field, subnet: IPv4Network, ranges: Sequence[PodRange]) -> Iterator[Fault]:
    home = next((each for each in ranges if subnet.subnet_of(each.network)), None)
    if home is None:
        yield field.fault(f"a subnet of {' or '.join(str(each.network) for each in ranges)}")
    elif subnet.prefixlen != home.host_prefix:
        yield field.fault(f"a /{home.host_prefix}, the hostPrefix of {home.network}")


def capacities(
    nodes: Field, asked: dict[str, IPv4Network], ranges: Sequence[PodRange], faults: list[Fault]
) -> dict[str, int]:
    """How many pods each node holds, by name. Ranges are used up in order by the nodes that ask for no subnet."""
    free = [
        (1 << each.host_prefix - each.network.prefixlen) - sum(s.subnet_of(each.network) for s in asked.values())
        for each in ranges
    ]
    held = {}
    number = 0
    for node in nodes:
        name = node["name"].value
        if name in asked:
            held[name] = _held(asked[name].prefixlen)
            continue
        while number < len(ranges) and not free[number]:
            number += 1
        if number == len(ranges):
            where = ", ".join(f"{each.network} (/{each.host_prefix})" for each in ranges)
            faults.append(node.fault(f"no more nodes than there are subnets in {where}", f"{name}, with none left"))
            break
        free[number] -= 1
        held[name] = _held(ranges[number].host_prefix)
    return held


def _held(prefix: int) -> int:
    """All addresses but the network's, the gateway's and the broadcast address (509 in a /23)."""
    return min((1 << 32 - prefix) - 3, MAX_PODS)


def check_places(pods: Iterable[Field], names: list[str], held: dict[str, int], faults: list[Fault]) -> None:
    """Check that every pod's node is there and holds it. `held` may lack nodes whose subnet is not known."""
    known = frozenset(names)
    counts: dict[str, int] = {}
    for pod in pods:
        field = pod["spec"]["nodeName"]
        if field.value not in known:
            expected = f"the name of a node: {', '.join(names[:8])}{', …' if len(names) > 8 else ''}"
            faults.append(field.fault(expected, hint=nearest(field.value, names)))
            continue
        counts[field.value] = counts.get(field.value, 0) + 1
        if counts[field.value] == held.get(field.value, MAX_PODS) + 1:
            limit = f"at most {counts[field.value] - 1} pods on {field.value}, all that its subnet holds"
            faults.append(field.fault(limit, "one pod more"))
