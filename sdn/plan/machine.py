"""The world outside the switches: machine network, gateway, external networks and their hosts.

All bridges are in one namespace, `fabric`. The gateway routes between the machine networks and the external ones; it
has no route to a pod, as the real network has none.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Interface, IPv4Network

from sdn.model import Cluster, ExternalNetwork, Host, MachineNetwork, Protocol
from sdn.plan.address import mac_of
from sdn.plan.space import Address, Answer, Role, Route, Space, Wire, wire_name

FABRIC = "fabric"
GATEWAY = "gateway"
DEFAULT_ROUTE = IPv4Network("0.0.0.0/0")
# Every namespace says what it wants: a new one may begin with the host's settings.
NO_IPV6 = (("net/ipv6/conf/all/disable_ipv6", "1"), ("net/ipv6/conf/default/disable_ipv6", "1"))
ENDS = (("net/ipv4/ip_forward", "0"), ("net/ipv4/conf/all/rp_filter", "0"), ("net/ipv4/conf/default/rp_filter", "0"))
FORWARDS = (("net/ipv4/ip_forward", "1"), *ENDS[1:])
# The gateway lets nobody write an address of another of its networks: a host outside could speak as a node
GUARDS = (("net/ipv4/ip_forward", "1"), ("net/ipv4/conf/all/rp_filter", "1"), ("net/ipv4/conf/default/rp_filter", "1"))
HTTP_PORT = 80


def machine_mtu(cluster: Cluster) -> int:
    """Bytes that the machine network carries: the pods' and VXLAN's 50 at least."""
    return max(1500, cluster.mtu + 50)


def machine_bridge(number: int) -> str:
    """The Linux bridge that is machine network `number` (from 0)."""
    return f"machine{number}"


def external_bridge(number: int) -> str:
    """The Linux bridge that is external network `number` (from 0)."""
    return f"external{number}"


def external_gateway(network: ExternalNetwork) -> IPv4Address:
    """The gateway's address in an external network: the first."""
    return network.cidr.network_address + 1


def machine_network_of(cluster: Cluster, ip: IPv4Address) -> tuple[int, MachineNetwork]:
    """The machine network that `ip` is in, and its number."""
    return next((i, network) for i, network in enumerate(cluster.machine_networks) if ip in network.cidr)


def outside(cluster: Cluster) -> Iterator[Space]:
    """The namespaces of everything that is not a node or a pod; the fabric comes first."""
    bridges = [machine_bridge(i) for i in range(len(cluster.machine_networks))]
    bridges += [external_bridge(i) for i in range(len(cluster.external_networks))]
    yield Space(FABRIC, Role.FABRIC, bridges=tuple(bridges), sysctls=NO_IPV6 + ENDS)
    yield _gateway(cluster)
    for number, network in enumerate(cluster.external_networks):
        for host in network.hosts:
            yield _host(cluster, number, network, host)


def _gateway(cluster: Cluster) -> Space:
    legs = [(n.gateway, n.cidr, machine_bridge(i)) for i, n in enumerate(cluster.machine_networks)]
    legs += [(external_gateway(n), n.cidr, external_bridge(i)) for i, n in enumerate(cluster.external_networks)]
    return Space(
        GATEWAY,
        Role.GATEWAY,
        wires=tuple(
            Wire(f"eth{i}", mac_of(ip), machine_mtu(cluster), FABRIC, wire_name(ip), bridge)
            for i, (ip, _, bridge) in enumerate(legs)
        ),
        addresses=tuple(Address(f"eth{i}", _interface(ip, cidr)) for i, (ip, cidr, _) in enumerate(legs)),
        sysctls=NO_IPV6 + GUARDS,
    )


def _host(cluster: Cluster, number: int, network: ExternalNetwork, host: Host) -> Space:
    wire = Wire("eth0", mac_of(host.ip), machine_mtu(cluster), FABRIC, wire_name(host.ip), external_bridge(number))
    return Space(
        host.name,
        Role.HOST,
        wires=(wire,),
        addresses=(Address("eth0", _interface(host.ip, network.cidr)),),
        routes=(Route(DEFAULT_ROUTE, "eth0", external_gateway(network)),),
        sysctls=NO_IPV6 + ENDS,
        answers=(Answer(Protocol.TCP, HTTP_PORT, (("host", host.name), ("network", network.name))),),
    )


def _interface(ip: IPv4Address, cidr: IPv4Network) -> IPv4Interface:
    return IPv4Interface((ip, cidr.prefixlen))
