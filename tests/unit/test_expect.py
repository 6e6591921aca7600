"""Who may talk to whom, by the user's objects alone."""

from __future__ import annotations

from ipaddress import IPv4Address

import pytest

from sdn.expect import expect
from sdn.expect.expectation import Expectation
from sdn.model import Cluster, Mode, Namespace, Node, Objects, Pod

NAMESPACES = ("default", "shop", "bank")


def expectation(mode: Mode) -> Expectation:
    nodes = (Node("node1", IPv4Address("10.0.0.2")), Node("node2", IPv4Address("10.0.0.3")))
    pods = tuple(
        Pod(f"{node.name}-{number}", namespace, node.name)
        for namespace in NAMESPACES
        for node in nodes
        for number in (1, 2)
    )
    namespaces = tuple(Namespace(name) for name in NAMESPACES)
    return expect(Objects(Cluster("test", nodes, mode=mode), namespaces, pods))


@pytest.mark.parametrize(
    ("source", "destination", "allowed"),
    [
        ("shop", "shop", True),
        ("shop", "bank", False),
        ("bank", "shop", False),
        ("default", "shop", True),
        ("shop", "default", True),
        ("default", "default", True),
    ],
)
def test_multitenant_keeps_namespaces_apart_but_for_default(source: str, destination: str, allowed: bool) -> None:
    truth = expectation(Mode.MULTITENANT)
    for here, there in (("node1-1", "node1-2"), ("node1-1", "node2-1")):
        verdict = truth.pod_to_pod(f"{source}/{here}", f"{destination}/{there}")
        assert verdict.allowed is allowed
        assert verdict.why


@pytest.mark.parametrize("mode", [Mode.SUBNET, Mode.NETWORK_POLICY])
def test_the_other_modes_keep_nobody_apart(mode: Mode) -> None:
    truth = expectation(mode)
    assert all(truth.pod_to_pod(one, other).allowed for one in truth.pods for other in truth.pods)


@pytest.mark.parametrize("mode", list(Mode))
def test_what_no_mode_changes(mode: Mode) -> None:
    truth = expectation(mode)
    pod = "shop/node1-1"
    assert truth.pod_to_outside(pod).allowed
    assert truth.node_to_pod("node1", pod).allowed
    assert truth.node_to_pod("node2", pod).allowed
    assert not truth.outside_to_pod(pod).allowed
    assert not truth.forged(pod).allowed
    assert not truth.unknown_node().allowed


def test_a_pod_that_is_not_there_is_an_error() -> None:
    with pytest.raises(KeyError):
        expectation(Mode.SUBNET).pod_to_pod("shop/nobody", "shop/node1-1")
