"""Which subnet each node gets: the sequences that OpenShift's own allocator gave when it was run."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

import pytest

from sdn.errors import InputError
from sdn.model import Cluster, ClusterNetwork, Node
from sdn.plan.subnet import assign_subnets, subnet_at, subnets_of

# cidr, host bits, how many there are, and some of them by number
SEQUENCES = [
    ("10.128.0.0/14", 9, 512, {
        0: "10.128.0.0", 1: "10.129.0.0", 2: "10.130.0.0", 3: "10.131.0.0", 4: "10.128.2.0", 5: "10.129.2.0",
        6: "10.130.2.0", 7: "10.131.2.0", 8: "10.128.4.0", 12: "10.128.6.0", 508: "10.128.254.0", 511: "10.131.254.0",
    }),
    ("10.128.0.0/14", 8, 1024, {0: "10.128.0.0", 1: "10.128.1.0", 255: "10.128.255.0", 256: "10.129.0.0",
                                1023: "10.131.255.0"}),
    ("10.128.0.0/14", 10, 256, {0: "10.128.0.0", 1: "10.129.0.0", 2: "10.130.0.0", 3: "10.131.0.0", 4: "10.128.4.0",
                                255: "10.131.252.0"}),
    ("10.128.0.0/14", 7, 2048, {0: "10.128.0.0", 255: "10.128.255.0", 256: "10.129.0.0", 1024: "10.128.0.128",
                                2047: "10.131.255.128"}),
    ("10.128.0.0/14", 6, 4096, {1024: "10.128.0.64", 2048: "10.128.0.128", 4095: "10.131.255.192"}),
    ("10.1.0.0/16", 9, 128, {0: "10.1.0.0", 1: "10.1.2.0", 127: "10.1.254.0"}),
    ("10.1.0.0/16", 7, 512, {255: "10.1.255.0", 256: "10.1.0.128"}),
    ("10.0.0.0/8", 9, 32768, {0: "10.0.0.0", 1: "10.1.0.0", 256: "10.0.2.0", 32767: "10.255.254.0"}),
    ("192.168.4.0/22", 6, 16, {0: "192.168.4.0", 1: "192.168.5.0", 2: "192.168.6.0", 3: "192.168.7.0",
                               4: "192.168.4.64", 15: "192.168.7.192"}),
    ("192.168.4.0/24", 5, 8, {0: "192.168.4.0", 1: "192.168.4.32", 2: "192.168.4.64"}),
]  # fmt: skip


def network(cidr: str, host_bits: int) -> ClusterNetwork:
    return ClusterNetwork(IPv4Network(cidr), 32 - host_bits)


@pytest.mark.parametrize(("cidr", "host_bits", "count", "some"), SEQUENCES, ids=lambda value: str(value)[:16])
def test_subnets_come_in_openshifts_order(cidr: str, host_bits: int, count: int, some: dict[int, str]) -> None:
    given = {number: str(subnet_at(network(cidr, host_bits), number).network_address) for number in some}
    assert given == some
    assert sum(1 for _ in subnets_of([network(cidr, host_bits)])) == count


@pytest.mark.parametrize(("cidr", "host_bits"), [row[:2] for row in SEQUENCES])
def test_every_subnet_of_the_range_comes_once(cidr: str, host_bits: int) -> None:
    given = list(subnets_of([network(cidr, host_bits)]))
    assert sorted(given) == list(IPv4Network(cidr).subnets(new_prefix=32 - host_bits))


def cluster(*subnets: str | None) -> Cluster:
    nodes = (
        Node(f"n{number}", IPv4Address("10.0.0.10") + number, IPv4Network(subnet) if subnet else None)
        for number, subnet in enumerate(subnets)
    )
    ranges = (network("10.128.0.0/23", 8), network("10.129.0.0/24", 7))
    return Cluster("lab", tuple(nodes), cluster_networks=ranges)


def test_the_next_range_is_used_when_one_is_full() -> None:
    given = [str(subnet) for subnet in assign_subnets(cluster(None, None, None, None)).values()]
    assert given == ["10.128.0.0/24", "10.128.1.0/24", "10.129.0.0/25", "10.129.0.128/25"]


def test_what_a_node_asks_for_is_given_to_no_other() -> None:
    given = [str(subnet) for subnet in assign_subnets(cluster(None, "10.129.0.0/25", "10.128.0.0/24", None)).values()]
    assert given == ["10.128.1.0/24", "10.129.0.0/25", "10.128.0.0/24", "10.129.0.128/25"]


def test_more_nodes_than_subnets_are_refused() -> None:
    with pytest.raises(InputError, match="n4"):
        assign_subnets(cluster(None, None, None, None, None))
