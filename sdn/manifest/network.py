"""The Cluster document's networks: ranges that do not meet, and addresses that are in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from sdn.errors import Fault
from sdn.manifest.address import parse_address, parse_network
from sdn.manifest.document import Field

_LONGEST = 30  # a shorter network has no room for a gateway and a host


@dataclass(frozen=True)
class Range:
    """A network, where it is written, and what it is for."""

    role: str
    field: Field
    network: IPv4Network


@dataclass(frozen=True)
class PodRange(Range):
    """A cluster network; `host_prefix` is of each node's subnet in it."""

    host_prefix: int = 0


@dataclass(frozen=True)
class Segment(Range):
    """A network with a gateway in it: a machine network or an external one."""

    gateway: IPv4Address


@dataclass(frozen=True)
class Networks:
    """Every network, in the order of the file; None is one that could not be read."""

    pods: tuple[PodRange | None, ...]
    services: tuple[Range | None, ...]
    machines: tuple[Segment | None, ...]
    externals: tuple[Segment | None, ...]

    @property
    def known(self) -> tuple[Range, ...]:
        """Those that could be read."""
        return tuple(filter(None, (*self.pods, *self.services, *self.machines, *self.externals)))


def read_networks(spec: Field, faults: list[Fault]) -> Networks:
    """Read and check every network of a Cluster's spec."""
    networks = Networks(
        pods=tuple(_pod_range(field, faults) for field in spec["clusterNetwork"]),
        services=tuple(_range("service network", field, faults) for field in spec["serviceNetwork"]),
        machines=tuple(_machine(field, faults) for field in spec["machineNetwork"]),
        externals=tuple(_external(field, faults) for field in spec["externalNetworks"]),
    )
    faults.extend(_overlaps(networks.known))
    return networks


def _range(role: str, field: Field, faults: list[Fault]) -> Range | None:
    network = parse_network(field, faults)
    return Range(role, field, network) if network else None


def _pod_range(field: Field, faults: list[Fault]) -> PodRange | None:
    network, prefix = parse_network(field["cidr"], faults), field["hostPrefix"]
    if network is None:
        return None
    if prefix.value < network.prefixlen:
        faults.append(prefix.fault(f"at least {network.prefixlen}, the prefix length of {network}"))
        return None
    return PodRange("cluster network", field["cidr"], network, int(prefix.value))


def _machine(field: Field, faults: list[Fault]) -> Segment | None:
    network = _with_hosts(field["cidr"], faults)
    if network is None:
        return None
    gateway = parse_address(field["gateway"], faults)
    if gateway is None:
        return None
    if refused := outside(gateway, network):
        faults.append(field["gateway"].fault(refused))
        return None
    return Segment("machine network", field["cidr"], network, gateway)


def _external(field: Field, faults: list[Fault]) -> Segment | None:
    network = _with_hosts(field["cidr"], faults)
    return Segment("external network", field["cidr"], network, network[1]) if network else None


def _with_hosts(field: Field, faults: list[Fault]) -> IPv4Network | None:
    network = parse_network(field, faults)
    if network and network.prefixlen > _LONGEST:
        faults.append(field.fault(f"a prefix length of at most {_LONGEST}"))
        return None
    return network


def outside(ip: IPv4Address, network: IPv4Network) -> str:
    """What is expected instead of `ip` for a machine in `network`; nothing if it can be one's."""
    if ip not in network:
        return f"an address in {network}"
    if ip in (network.network_address, network.broadcast_address):
        return f"an address between {network.network_address} and {network.broadcast_address}"
    return ""


def _overlaps(networks: Sequence[Range]) -> Iterator[Fault]:
    """A fault for each network that meets another, at whichever of the two is written later."""
    order = {id(one): number for number, one in enumerate(networks)}
    widest: Range | None = None
    for one in sorted(networks, key=lambda one: (one.network.network_address, one.network.prefixlen)):
        if widest and one.network.overlaps(widest.network):
            first, later = sorted((one, widest), key=lambda each: order[id(each)])
            found = f"{later.network}, which overlaps the {first.role} {first.network}"
            yield later.field.fault("a range of its own", found, f"the other is at {first.field.where}")
        else:
            widest = one
