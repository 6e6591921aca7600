"""Packets, and what must become of each: worked out from the plan and what the modes mean, not from rules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address

from sdn.model import Mode
from sdn.plan import Mac, NodePlan, Peer, Plan, PodPlan

from .bridges import ADMITTED

VXLAN, TUN = 1, 2
OUTSIDE = IPv4Address("203.0.113.10")
ROUTER = IPv4Address("10.252.7.1")
STRANGER = IPv4Address("192.0.2.66")
STATES = ("new", "est", "est,rpl", "rel", "inv")


@dataclass(frozen=True)
class Case:
    """A packet, the state of its connection, and what must become of it.

    `port` 0 is a drop, and `table` the one that drops it. `tunnel` is VNID and node of a packet that leaves by VXLAN.
    """

    name: str
    packet: str
    ct: str
    port: int
    table: str = ""
    tunnel: tuple[int, str] | None = None
    commits: bool = False


@dataclass(frozen=True)
class Node:
    """Makes the cases of one node. `isolated` is a namespace that policies close, but for packets from ADMITTED."""

    plan: Plan
    node: NodePlan
    isolated: str = ""
    states: tuple[str, ...] = STATES

    def cases(self) -> Iterator[Case]:
        """Every case of this node."""
        for pod in self.node.pods:
            yield from self._between(pod)
            yield from self._node_and_outside(pod)
            yield from self._arp(pod)
            yield from self._forged(pod)
            yield from self._vxlan_by(pod)
        yield from self._nowhere()
        yield from self._node_itself()
        for peer in self.node.peers:
            yield from self._peer(peer)

    # What the modes mean

    def _closed(self, pod: PodPlan) -> bool:
        return self.isolated == pod.namespace

    def _passes(self, ct: str) -> bool:
        return self.node.mode is Mode.NETWORK_POLICY and ct in ("est", "est,rpl", "rel")

    def _commits(self, ct: str, any_but_known: bool = False) -> bool:
        """New connections are committed where they are let go; where policy decides, invalid packets are offered too,
        which conntrack does not take."""
        return self.node.mode is Mode.NETWORK_POLICY and (ct == "new" or (any_but_known and ct == "inv"))

    def _sends(self, case: Case, pod: PodPlan) -> Case:
        """The case as it is when `pod` sends: closed pods send nothing new."""
        if self._closed(pod) and not self._passes(case.ct):
            return Case(case.name, case.packet, case.ct, 0, "policy_egress")
        return case

    def _received(self, name: str, packet: str, ct: str, vnid: int, pod: PodPlan) -> Case:
        """What becomes of a packet from somebody with `vnid` for a pod of this node."""
        apart = self.node.mode is Mode.MULTITENANT and vnid and pod.vnid and vnid != pod.vnid
        admitted = {tenant.vnid for tenant in self.node.tenants if tenant.name == ADMITTED}
        if apart or (self._closed(pod) and vnid not in admitted and not self._passes(ct)):
            return Case(name, packet, ct, 0, "policy_ingress")
        return Case(name, packet, ct, pod.ofport, commits=self._commits(ct, any_but_known=True))

    def _away(self, name: str, packet: str, ct: str, vnid: int, peer: Peer) -> Case:
        return Case(name, packet, ct, VXLAN, tunnel=(vnid, str(peer.ip)), commits=self._commits(ct))

    def _by_tun(self, name: str, packet: str, ct: str) -> Case:
        return Case(name, packet, ct, TUN, commits=self._commits(ct))

    # Packets

    def _ip(self, pod: PodPlan, what: str, to: object) -> str:
        return f"in_port={pod.ofport},{what},dl_src={pod.mac},nw_src={pod.ip},nw_dst={to}"

    def _from_node(self, what: str, source: object, to: object) -> str:
        return f"in_port={TUN},{what},dl_src={self.node.gateway_mac},nw_src={source},nw_dst={to}"

    def _from_peer(self, peer: object, vnid: int, what: str) -> str:
        return f"in_port={VXLAN},tun_src={peer},tun_id={vnid},{what}"

    def _remote(self) -> Iterator[tuple[Peer, PodPlan]]:
        for peer in self.node.peers:
            for pod in self.plan.node(peer.name).pods:
                yield peer, pod

    # Kinds of path

    def _between(self, pod: PodPlan) -> Iterator[Case]:
        for ct in self.states:
            for other in self.node.pods:
                if other is not pod:
                    packet = self._ip(pod, "tcp", other.ip) + ",tp_src=40000,tp_dst=8080"
                    name = f"{pod.key} to {other.key}"
                    yield self._sends(self._received(name, packet, ct, pod.vnid, other), pod)
                    # what netfilter hands back once it has chosen a service's real destination
                    packet = self._from_node("tcp", pod.ip, other.ip) + ",tp_dst=8080"
                    yield self._sends(self._received(f"service: {name}", packet, ct, pod.vnid, other), pod)
            for peer, other in self._remote():
                packet = self._ip(pod, "udp", other.ip) + ",udp_src=40000,udp_dst=53"
                yield self._sends(self._away(f"{pod.key} to {other.key}", packet, ct, pod.vnid, peer), pod)
                packet = self._from_peer(peer.ip, other.vnid, f"tcp,nw_src={other.ip},nw_dst={pod.ip},tp_dst=8080")
                yield self._received(f"{other.key} to {pod.key}", packet, ct, other.vnid, pod)
        for peer, other in self._remote():
            packet = self._from_node("udp", pod.ip, other.ip)
            yield self._sends(self._away(f"service: {pod.key} to {other.key}", packet, "new", pod.vnid, peer), pod)

    def _node_and_outside(self, pod: PodPlan) -> Iterator[Case]:
        node = self.node
        for ct in self.states:
            packet = self._from_node("icmp", node.gateway, pod.ip)
            yield Case(f"node to {pod.key}", packet, ct, pod.ofport, commits=self._commits(ct))
            for to in (node.gateway, node.ip, OUTSIDE, *(peer.ip for peer in node.peers)):
                packet = self._ip(pod, "icmp", to)
                yield self._sends(self._by_tun(f"{pod.key} to {to}", packet, ct), pod)
            for source in (OUTSIDE, ROUTER, node.ip):
                packet = self._from_node("icmp", source, pod.ip)
                yield self._received(f"{source} to {pod.key}", packet, ct, 0, pod)
            for network in node.service_networks:
                packet = self._ip(pod, "tcp", network[1]) + ",tp_dst=443"
                yield Case(f"{pod.key} to a service", packet, ct, TUN)
        for peer in node.peers:
            remote = self.plan.node(peer.name).gateway
            packet = self._from_peer(peer.ip, 0, f"icmp,nw_src={remote},nw_dst={pod.ip}")
            yield self._received(f"{peer.name} to {pod.key}", packet, "new", 0, pod)
            for vnid in {0} | {tenant.vnid for tenant in node.tenants}:
                packet = self._from_peer(peer.ip, vnid, f"icmp,nw_src={OUTSIDE},nw_dst={pod.ip}")
                yield self._received(f"outside by {peer.name} to {pod.key}", packet, "new", vnid, pod)
            packet = self._ip(pod, "icmp", remote)
            yield self._sends(self._away(f"{pod.key} to {peer.name}", packet, "new", pod.vnid, peer), pod)

    def _arp_of(self, pod: PodPlan, to: object, **other: object) -> str:
        values = {"dl_src": pod.mac, "arp_sha": pod.mac, "arp_spa": pod.ip, **other}
        fields = ",".join(f"{name}={value}" for name, value in values.items() if name != "in_port")
        return f"in_port={other.get('in_port', pod.ofport)},arp,arp_op=1,{fields},arp_tpa={to}"

    def _arp(self, pod: PodPlan) -> Iterator[Case]:
        node = self.node
        for other in node.pods:
            if other is not pod:
                yield Case(f"ARP {pod.key} for {other.key}", self._arp_of(pod, other.ip), "new", other.ofport)
        yield Case(f"ARP {pod.key} for its node", self._arp_of(pod, node.gateway), "new", TUN)
        packet = f"in_port={TUN},arp,arp_spa={node.gateway},arp_tpa={pod.ip}"
        yield Case(f"ARP node for {pod.key}", packet, "new", pod.ofport)
        packet = f"in_port={TUN},arp,arp_spa={OUTSIDE},arp_tpa={pod.ip}"
        yield Case(f"ARP stranger by tun0 for {pod.key}", packet, "new", 0, "classify")
        for peer, other in self._remote():
            away = (pod.vnid, str(peer.ip))
            yield Case(f"ARP {pod.key} for {other.key}", self._arp_of(pod, other.ip), "new", VXLAN, tunnel=away)
            packet = self._from_peer(peer.ip, other.vnid, f"arp,arp_spa={other.ip},arp_tpa={pod.ip}")
            yield Case(f"ARP {other.key} for {pod.key}", packet, "new", pod.ofport)

    def _forged(self, pod: PodPlan) -> Iterator[Case]:
        """None of these is what the pod's port, MAC and address together allow."""
        others = [other for other in self.node.pods if other is not pod]
        to = others[0].ip if others else self.node.gateway
        strange, high = Mac("0a:58:c0:00:02:42"), Mac("12:34" + pod.mac[5:])
        sources = [STRANGER, self.node.gateway, pod.ip + 1, *(other.ip for other in others)]
        for source in sources:
            packet = f"in_port={pod.ofport},icmp,dl_src={pod.mac},nw_src={source},nw_dst={to}"
            yield Case(f"{pod.key} as {source}", packet, "new", 0, "from_pod")
            yield Case(f"ARP {pod.key} as {source}", self._arp_of(pod, to, arp_spa=source), "new", 0, "from_pod")
        for mac in (strange, high, *(other.mac for other in others)):
            packet = f"in_port={pod.ofport},icmp,dl_src={mac},nw_src={pod.ip},nw_dst={to}"
            yield Case(f"{pod.key} as {mac}", packet, "new", 0, "from_pod")
            yield Case(f"ARP {pod.key} tells {mac}", self._arp_of(pod, to, arp_sha=mac), "new", 0, "from_pod")
            yield Case(f"ARP {pod.key} as {mac}", self._arp_of(pod, to, dl_src=mac), "new", 0, "from_pod")
        for port in (*(other.ofport for other in others), 999):
            packet = f"in_port={port},icmp,dl_src={pod.mac},nw_src={pod.ip},nw_dst={to}"
            yield Case(f"{pod.key} by port {port}", packet, "new", 0, "from_pod")
            yield Case(f"ARP {pod.key} by port {port}", self._arp_of(pod, to, in_port=port), "new", 0, "from_pod")
        packet = f"in_port={pod.ofport},dl_src={pod.mac},dl_type=0x86dd"
        yield Case(f"IPv6 {pod.key}", packet, "new", 0, "classify")
        packet = f"in_port={pod.ofport},udp,dl_src={pod.mac},nw_src=0.0.0.0,nw_dst=255.255.255.255,udp_dst=67"
        yield Case(f"DHCP {pod.key}", packet, "new", 0, "from_pod")

    def _vxlan_by(self, pod: PodPlan) -> Iterator[Case]:
        node = self.node
        vxlan = node.vxlan_udp_port
        targets = [node.ip, node.gateway, OUTSIDE, *(peer.ip for peer in node.peers)]
        for to in targets:
            yield Case(f"VXLAN {pod.key} to {to}", f"{self._ip(pod, 'udp', to)},udp_dst={vxlan}", "new", 0, "from_pod")
        near = self._ip(pod, "udp", OUTSIDE)
        for packet in (f"{near},udp_dst={vxlan + 1}", f"{near},udp_src={vxlan},udp_dst=53"):
            yield self._sends(self._by_tun(f"UDP {pod.key}", packet, "new"), pod)
        packet = f"{self._ip(pod, 'tcp', OUTSIDE)},tp_dst={vxlan}"
        yield self._sends(self._by_tun(f"VXLAN's port over TCP {pod.key}", packet, "new"), pod)
        for peer in node.peers:
            packet = f"{self._ip(pod, 'udp', peer.ip)},udp_dst=53"
            yield self._sends(self._by_tun(f"UDP {pod.key} to {peer.ip}", packet, "new"), pod)
        for kind in ("first", "later"):
            packet = self._ip(pod, "udp", node.ip) + f",nw_frag={kind}"
            yield self._sends(self._by_tun(f"{kind} fragment {pod.key} to its node", packet, "new"), pod)
            for peer in node.peers:
                packet = self._ip(pod, "udp", peer.ip) + f",nw_frag={kind}"
                yield Case(f"{kind} fragment {pod.key} to {peer.ip}", packet, "new", 0, "from_pod")
            packet = f"{near},nw_frag={kind}"
            yield self._sends(self._by_tun(f"{kind} fragment {pod.key} to {OUTSIDE}", packet, "new"), pod)

    def _beyond(self) -> IPv4Address:
        """The address just behind the last cluster network."""
        return max(network[-1] for network in self.node.cluster_networks) + 9

    def _free(self) -> tuple[IPv4Address, ...]:
        """Addresses of the node's subnet that nobody has: the network's own, the one after the last pod, the last."""
        last = self.node.pods[-1].ip if self.node.pods else self.node.gateway
        return self.node.subnet[0], last + 1, self.node.subnet[-2]

    def _nobodys(self) -> Iterator[IPv4Address]:
        """Addresses of the cluster network that are in no node's subnet: the last, and some behind each subnet."""
        taken = [node.subnet for node in self.plan.nodes]
        wanted = [network[-2] for network in self.node.cluster_networks]
        wanted += [subnet[-1] + 10 for subnet in taken]
        for address in dict.fromkeys(wanted):
            inside = any(address in network for network in self.node.cluster_networks)
            if inside and not any(address in subnet for subnet in taken):
                yield address

    def _nowhere(self) -> Iterator[Case]:
        """To addresses that nobody has."""
        node = self.node
        senders = [pod for pod in node.pods if not self._closed(pod)][:1]
        for pod in senders:
            for free in self._free():
                yield Case(f"to no pod: {free}", self._ip(pod, "tcp", free), "new", 0, "to_pod")
                yield Case(f"ARP for no pod: {free}", self._arp_of(pod, free), "new", 0, "arp_local")
            yield Case("ARP for outside", self._arp_of(pod, OUTSIDE), "new", 0, "route")
            yield Case("multicast", self._ip(pod, "udp", "224.0.0.251"), "new", 0, "route")
            yield Case("multicast, last", self._ip(pod, "udp", "239.255.255.255"), "new", 0, "route")
            yield self._by_tun("above multicast", self._ip(pod, "udp", "240.0.0.1"), "new")
            yield self._by_tun("below multicast", self._ip(pod, "udp", "223.255.255.254"), "new")
            for to in self._nobodys():
                yield Case(f"to no node: {to}", self._ip(pod, "tcp", to), "new", 0, "to_node")
                yield Case(f"ARP for no node: {to}", self._arp_of(pod, to), "new", 0, "arp_remote")

    def _node_itself(self) -> Iterator[Case]:
        node = self.node
        yield Case("multicast by tun0", self._from_node("udp", node.ip, "224.0.0.251"), "new", 0, "classify")
        yield Case("multicast of tun0", self._from_node("udp", node.gateway, "224.0.0.251"), "new", 0, "route")
        for source in (node.gateway, node.ip):
            yield Case(f"{source} by tun0 to outside", self._from_node("udp", source, OUTSIDE), "new", 0, "route")
        beyond = self._beyond()
        for pod in node.pods:
            for free in self._free():
                packet = self._from_node("udp", free, pod.ip)
                yield Case(f"{free} by tun0", packet, "new", 0, "from_service")
                packet = f"in_port={TUN},arp,arp_spa={free},arp_tpa={pod.ip}"
                yield Case(f"ARP {free} by tun0", packet, "new", 0, "classify")
            for source in (*self._nobodys(), *(peer.subnet[9] for peer in node.peers)):
                packet = self._from_node("udp", source, pod.ip)
                yield self._received(f"{source} by tun0 to {pod.key}", packet, "new", 0, pod)
            packet = self._from_node("udp", pod.ip, beyond)
            yield Case(f"{pod.key} by tun0 to {beyond}", packet, "new", 0, "route")
            yield Case(f"ARP {pod.key} for {beyond}", self._arp_of(pod, beyond), "new", 0, "route")
            for network in node.service_networks:
                after = network[-1] + 1
                yield self._sends(self._by_tun(f"{pod.key} to {after}", self._ip(pod, "tcp", after), "new"), pod)
        packet = f"in_port={TUN},arp,arp_spa={node.gateway},arp_tpa={beyond}"
        yield Case(f"ARP node for {beyond}", packet, "new", 0, "classify")
        yield Case("IPv6 by tun0", f"in_port={TUN},dl_type=0x86dd", "new", 0, "classify")
        packet = f"in_port={TUN},arp,arp_spa={node.gateway},arp_tpa={OUTSIDE}"
        yield Case("ARP node for outside", packet, "new", 0, "classify")
        for network in node.service_networks:
            yield Case("node to a service", self._from_node("tcp", node.gateway, network[1]), "new", 0, "route")
        for peer, other in self._remote():
            packet = self._from_node("tcp", node.gateway, other.ip)
            for ct in ("new", "est"):
                yield self._away(f"node to {other.key}", packet, ct, 0, peer)
            packet = f"in_port={TUN},arp,arp_spa={node.gateway},arp_tpa={other.ip}"
            yield Case(f"ARP node for {other.key}", packet, "new", VXLAN, tunnel=(0, str(peer.ip)))
            stranger = node.subnet[-2]
            packet = self._from_node("tcp", stranger, other.ip)
            yield Case(f"service: no pod to {other.key}", packet, "new", 0, "from_service")

    def _peer(self, peer: Peer) -> Iterator[Case]:
        node = self.node
        far = self.plan.node(peer.name)
        pods = node.pods[:1]
        for pod in pods:
            inner = f"icmp,nw_src={far.gateway},nw_dst={pod.ip}"
            for stranger in (peer.ip + 100, STRANGER, node.ip):
                packet = self._from_peer(stranger, 0, inner)
                yield Case(f"VXLAN from {stranger}", packet, "new", 0, "from_vxlan")
                packet = self._from_peer(stranger, 0, f"arp,arp_spa={far.gateway},arp_tpa={pod.ip}")
                yield Case(f"ARP by VXLAN from {stranger}", packet, "new", 0, "from_vxlan")
            for source in (OUTSIDE, self._beyond()):
                packet = self._from_peer(peer.ip, 0, f"arp,arp_spa={source},arp_tpa={pod.ip}")
                yield Case(f"ARP of {source} by {peer.name}", packet, "new", 0, "classify")
        for ct in ("new", "est"):
            packet = self._from_peer(peer.ip, 0, f"icmp,nw_src={far.gateway},nw_dst={node.gateway}")
            yield self._by_tun(f"{peer.name} to the node", packet, ct)
        packet = self._from_peer(peer.ip, 0, f"arp,arp_spa={far.gateway},arp_tpa={node.gateway}")
        yield Case(f"ARP {peer.name} for the node", packet, "new", TUN)
        for to in (OUTSIDE, "224.0.0.251", far.gateway, *(network[1] for network in node.service_networks)):
            packet = self._from_peer(peer.ip, 0, f"udp,nw_src={far.gateway},nw_dst={to}")
            yield Case(f"{peer.name} to {to}", packet, "new", 0, "route")
        for source, to in ((OUTSIDE, STRANGER), (OUTSIDE, self._beyond()), (self._beyond(), OUTSIDE)):
            packet = self._from_peer(peer.ip, 0, f"udp,nw_src={source},nw_dst={to}")
            yield Case(f"{peer.name}: {source} to {to}", packet, "new", 0, "classify")
        for to in (far.subnet[9], node.subnet[-1] + 9):
            packet = self._from_peer(peer.ip, 0, f"arp,arp_spa={far.gateway},arp_tpa={to}")
            yield Case(f"ARP {peer.name} for {to}", packet, "new", 0, "classify")
        for pod in node.pods:
            for source in self._free():
                packet = self._from_peer(peer.ip, 0, f"udp,nw_src={source},nw_dst={pod.ip}")
                yield self._received(f"{source} by {peer.name} to {pod.key}", packet, "new", 0, pod)
        yield Case("IPv6 by VXLAN", self._from_peer(peer.ip, 0, "dl_type=0x86dd"), "new", 0, "classify")
