"""Which subnet each node gets, in OpenShift's order.

Subnet number n stands above the host bits. Where host bits are no whole octets and the subnet part reaches into the
next octet, n is rotated so that the higher octet varies first: the second node of 10.128.0.0/14 with /23 gets
10.129.0.0/23, the fifth 10.128.2.0/23. Source: openshift/sdn `pkg/network/master/util/subnet_allocator.go`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network

from sdn.errors import InputError
from sdn.model import Cluster, ClusterNetwork


def subnet_at(network: ClusterNetwork, number: int) -> IPv4Network:
    """Subnet `number` (from 0) of a cluster network."""
    host_bits = 32 - network.host_prefix
    subnet_bits = network.host_prefix - network.cidr.prefixlen
    base = _rotate(number, host_bits, subnet_bits) << host_bits
    return IPv4Network((int(network.cidr.network_address) | base, network.host_prefix))


def _rotate(number: int, host_bits: int, subnet_bits: int) -> int:
    left = 8 - host_bits % 8
    if left == 8 or subnet_bits <= left:
        return number
    return ((number << left) & ((1 << subnet_bits) - 1)) | (number >> (subnet_bits - left))


def subnets_of(networks: Iterable[ClusterNetwork]) -> Iterator[IPv4Network]:
    """Every subnet of every range, in the order in which OpenShift gives them."""
    for network in networks:
        for number in range(1 << (network.host_prefix - network.cidr.prefixlen)):
            yield subnet_at(network, number)


def assign_subnets(cluster: Cluster) -> dict[str, IPv4Network]:
    """Give each node (by name) its subnet: the one it asks for, else the next that is free.

    Raises:
        InputError: there are more nodes than subnets.
    """
    asked = [node.subnet for node in cluster.nodes if node.subnet is not None]
    free = (
        subnet for subnet in subnets_of(cluster.cluster_networks) if not any(subnet.overlaps(other) for other in asked)
    )
    subnets = {}
    for node in cluster.nodes:
        subnet = node.subnet or next(free, None)
        if subnet is None:
            ranges = ", ".join(f"{n.cidr} (/{n.host_prefix})" for n in cluster.cluster_networks)
            raise InputError(f"node {node.name}: no subnet is left in {ranges}")
        subnets[node.name] = subnet
    return subnets
