"""Pods on the least that forwards: bridges of two rules each, wired, set and offloaded as a lab's nodes are."""

from __future__ import annotations

from bench.enclosure import Enclosure, switch_environment

MTU = 1450
FABRIC = "fabric"


def same_node(enclosure: Enclosure) -> None:
    """Namespaces a and c hang on one bridge; a is 10.0.0.2, c is 10.0.0.3."""
    _node(enclosure, "bare")
    for number, pod in enumerate(("a", "c"), 1):
        _pod(enclosure, "bare", pod, f"10.0.0.{number + 1}/24")
    _bridge(enclosure, "bare", "br0", "secure", ["a", "c"])
    _rules(enclosure, "bare")


def two_nodes(enclosure: Enclosure) -> None:
    """Namespaces d and b hang on a bridge each, with VXLAN between the two; d is 10.0.1.2, b is 10.0.1.3."""
    enclosure.run("ip", "netns", "add", FABRIC)
    enclosure.run("ip", "link", "add", "name", "br", "type", "bridge", netns=FABRIC)
    enclosure.run("ip", "link", "set", "dev", "br", "up", netns=FABRIC)
    for number, (node, pod) in enumerate((("one", "d"), ("two", "b")), 1):
        _node(enclosure, node)
        _uplink(enclosure, node)
        _bridge(enclosure, node, "br-ex", "standalone", ["eth0"])
        _address(enclosure, node, "br-ex", f"10.9.0.{number}/24")
        _pod(enclosure, node, pod, f"10.0.1.{number + 1}/24")
        vxlan = ["--", "add-port", "br0", "vxlan0", "--", "set", "Interface", "vxlan0", "type=vxlan", "options:key=7"]
        _bridge(enclosure, node, "br0", "secure", [pod], [*vxlan, f"options:remote_ip=10.9.0.{3 - number}"])
        _rules(enclosure, node)


def _node(enclosure: Enclosure, node: str) -> None:
    enclosure.run("ip", "netns", "add", node)
    for which in ("all", "default"):
        enclosure.run("sysctl", "-qw", f"net.ipv6.conf.{which}.disable_ipv6=1", netns=node)
    enclosure.start_switch(f"/run/{node}", netns=node)


def _uplink(enclosure: Enclosure, node: str) -> None:
    peer = ["type", "veth", "peer", "name", node, "netns", FABRIC]
    enclosure.run("ip", "link", "add", "name", "eth0", "mtu", "1500", *peer, netns=node)
    enclosure.run("ip", "link", "set", "dev", "eth0", "up", netns=node)
    enclosure.run("ethtool", "-K", "eth0", "tx", "off", netns=node)
    enclosure.run("ip", "link", "set", "dev", node, "master", "br", "up", netns=FABRIC)


def _pod(enclosure: Enclosure, node: str, pod: str, address: str) -> None:
    enclosure.run("ip", "netns", "add", pod)
    peer = ["type", "veth", "peer", "name", pod, "mtu", str(MTU), "netns", node]
    enclosure.run("ip", "link", "add", "name", "eth0", "mtu", str(MTU), *peer, netns=pod)
    enclosure.run("ip", "link", "set", "dev", pod, "up", netns=node)
    _address(enclosure, pod, "eth0", address)


def _address(enclosure: Enclosure, netns: str, device: str, address: str) -> None:
    enclosure.run("ip", "address", "add", address, "dev", device, netns=netns)
    enclosure.run("ip", "link", "set", "dev", device, "up", netns=netns)
    enclosure.run("ethtool", "-K", device, "tx", "off", netns=netns)


def _bridge(
    enclosure: Enclosure, node: str, bridge: str, mode: str, ports: list[str], more: list[str] | None = None
) -> None:
    words = ["--", "add-br", bridge, "--", "set", "Bridge", bridge, "datapath_type=netdev", f"fail_mode={mode}"]
    for port in ports:
        words += ["--", "add-port", bridge, port]
    enclosure.run("ovs-vsctl", *words[1:], *(more or []), env=switch_environment(f"/run/{node}"))


def _rules(enclosure: Enclosure, node: str) -> None:
    text = "in_port=1,actions=output:2\nin_port=2,actions=output:1\n"
    enclosure.run("ovs-ofctl", "add-flows", "br0", "-", env=switch_environment(f"/run/{node}"), text=text)
