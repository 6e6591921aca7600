"""From the user's objects to everything that must exist."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Interface, IPv4Network

from sdn.model import Cluster, Node, Objects, Pod
from sdn.plan.address import Mac, assign_addresses, gateway_of, mac_of
from sdn.plan.machine import (
    DEFAULT_ROUTE,
    ENDS,
    FABRIC,
    FORWARDS,
    NO_IPV6,
    machine_bridge,
    machine_mtu,
    machine_network_of,
    outside,
)
from sdn.plan.nat import node_filter
from sdn.plan.node import NodePlan, Peer, PodPlan, Tenant
from sdn.plan.space import Address, Answer, Role, Route, Space, Wire, wire_name
from sdn.plan.subnet import assign_subnets
from sdn.plan.switch import overlay, pod_port, uplink
from sdn.plan.vnid import assign_vnids

MULTICAST = IPv4Network("224.0.0.0/4")


@dataclass(frozen=True)
class Plan:
    """Everything that must exist: the nodes, and every network namespace (fabric first, then nodes, then pods)."""

    name: str
    nodes: tuple[NodePlan, ...]
    spaces: tuple[Space, ...]

    @property
    def pods(self) -> tuple[PodPlan, ...]:
        """Every pod, node by node."""
        return tuple(pod for node in self.nodes for pod in node.pods)

    def node(self, name: str) -> NodePlan:
        """The node of that name; KeyError if there is none."""
        return {node.name: node for node in self.nodes}[name]

    def space(self, name: str) -> Space:
        """The namespace of that name; KeyError if there is none."""
        return {space.name: space for space in self.spaces}[name]


def plan(objects: Objects) -> Plan:
    """Work out what must exist for `objects`, which have been checked.

    Raises:
        InputError: a range is too small for what is to be in it.
    """
    cluster = objects.cluster
    nodes = _nodes(objects)
    spaces = [*outside(cluster), *(_node_space(cluster, node) for node in nodes)]
    pods = {pod.key: pod for pod in objects.pods}
    spaces += [_pod_space(cluster, node, pod, pods[pod.key]) for node in nodes for pod in node.pods]
    return Plan(cluster.name, nodes, tuple(spaces))


def _nodes(objects: Objects) -> tuple[NodePlan, ...]:
    cluster = objects.cluster
    subnets = assign_subnets(cluster)
    vnids = assign_vnids(objects.namespaces, cluster.mode)
    pods = _pods(objects, subnets, vnids)
    peers = {node.name: Peer(node.name, node.ip, mac_of(node.ip), subnets[node.name]) for node in cluster.nodes}
    return tuple(_node(cluster, node, subnets[node.name], pods[node.name], peers) for node in cluster.nodes)


def _pods(
    objects: Objects, subnets: Mapping[str, IPv4Network], vnids: Mapping[str, int]
) -> dict[str, tuple[PodPlan, ...]]:
    addresses = assign_addresses(objects.pods, subnets)
    by_node: dict[str, list[PodPlan]] = {name: [] for name in subnets}
    for pod in objects.pods:
        ip = addresses[pod.key]
        ofport = pod_port(ip, int(subnets[pod.node_name].network_address))
        by_node[pod.node_name].append(
            PodPlan(pod.name, pod.namespace, pod.node_name, ip, mac_of(ip), ofport, wire_name(ip), vnids[pod.namespace])
        )
    return {name: tuple(pods) for name, pods in by_node.items()}


def _node(
    cluster: Cluster, node: Node, subnet: IPv4Network, pods: tuple[PodPlan, ...], peers: Mapping[str, Peer]
) -> NodePlan:
    gateway = gateway_of(subnet)
    mac, gateway_mac = mac_of(node.ip), mac_of(gateway)
    tenants = {pod.namespace: Tenant(pod.namespace, pod.vnid) for pod in pods}
    ports = [(pod.ip, pod.ofport) for pod in pods]
    return NodePlan(
        name=node.name,
        ip=node.ip,
        mac=mac,
        subnet=subnet,
        gateway=gateway,
        gateway_mac=gateway_mac,
        mode=cluster.mode,
        cluster_networks=tuple(network.cidr for network in cluster.cluster_networks),
        service_networks=cluster.service_networks,
        vxlan_udp_port=cluster.vxlan_port,
        pods=pods,
        peers=tuple(peer for name, peer in peers.items() if name != node.name),
        tenants=tuple(tenants[name] for name in sorted(tenants)),
        bridges=(
            uplink(mac),
            overlay(_bridge_mac(subnet), gateway_mac, cluster.mtu, cluster.vxlan_port, ports),
        ),
    )


def _bridge_mac(subnet: IPv4Network) -> Mac:
    """br0's own: that of the subnet's network address, which nobody else has."""
    return mac_of(subnet.network_address)


def _node_space(cluster: Cluster, node: NodePlan) -> Space:
    number, network = machine_network_of(cluster, node.ip)
    wire = Wire("eth0", node.mac, machine_mtu(cluster), FABRIC, wire_name(node.ip), machine_bridge(number))
    return Space(
        node.space,
        Role.NODE,
        wires=(wire,),
        addresses=(
            Address("br-ex", IPv4Interface((node.ip, network.cidr.prefixlen))),
            # OpenShift takes the connected route away: the wider cluster network's covers it
            Address("tun0", IPv4Interface((node.gateway, node.subnet.prefixlen)), connected=False),
        ),
        routes=(
            Route(DEFAULT_ROUTE, "br-ex", network.gateway),
            *(Route(cidr, "tun0") for cidr in (*node.cluster_networks, *node.service_networks)),
        ),
        sysctls=NO_IPV6 + FORWARDS,
        filter=node_filter(node.cluster_networks, node.vxlan_udp_port),
    )


def _pod_space(cluster: Cluster, node: NodePlan, place: PodPlan, pod: Pod) -> Space:
    return Space(
        place.space,
        Role.POD,
        wires=(Wire("eth0", place.mac, cluster.mtu, node.space, place.wire),),
        addresses=(Address("eth0", IPv4Interface((place.ip, node.subnet.prefixlen))),),
        routes=tuple(_pod_routes(node)),
        sysctls=ENDS,
        answers=tuple(_answers(place, pod)),
    )


def _pod_routes(node: NodePlan) -> Iterator[Route]:
    """OpenShift's: the cluster network on the link (so a pod asks by ARP for every other), the rest by the gateway."""
    yield from (Route(cidr, "eth0") for cidr in (*node.cluster_networks, MULTICAST))
    yield from (Route(cidr, "eth0", node.gateway) for cidr in (*node.service_networks, DEFAULT_ROUTE))


def _answers(place: PodPlan, pod: Pod) -> Iterator[Answer]:
    who = (("pod", place.name), ("namespace", place.namespace), ("node", place.node), ("address", str(place.ip)))
    for port in dict.fromkeys((port.protocol, port.number) for port in pod.ports):
        yield Answer(*port, who)
