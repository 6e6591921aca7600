"""What must exist on one node, and the names that its rules may use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from sdn.model import Mode
from sdn.plan.address import Mac
from sdn.plan.ref import Ref
from sdn.plan.switch import TUN_PORT, VXLAN_PORT, Bridge

CT_ZONE = 65520  # our own in both datapaths; the number Antrea uses for IPv4


@dataclass(frozen=True)
class PodPlan:
    """A pod's place: where it is, and what it is called there. `wire` is its device on the node's side."""

    name: str
    namespace: str
    node: str
    ip: IPv4Address
    mac: Mac
    ofport: int
    wire: str
    vnid: int

    @property
    def key(self) -> str:
        """`namespace/name`."""
        return f"{self.namespace}/{self.name}"

    @property
    def space(self) -> str:
        """The name of its network namespace; `_` stands in no Kubernetes name, so nothing else is called so."""
        return f"{self.namespace}_{self.name}"

    @property
    def ref(self) -> Ref:
        """What the cookie of its rules says."""
        return Ref(f"Pod {self.key}")


@dataclass(frozen=True)
class Peer:
    """Another node: its machine address, and the pod subnet behind it."""

    name: str
    ip: IPv4Address
    mac: Mac
    subnet: IPv4Network

    @property
    def ref(self) -> Ref:
        """What the cookie of its rules says."""
        return Ref(f"HostSubnet {self.name}")


@dataclass(frozen=True)
class Tenant:
    """A namespace that has pods on this node."""

    name: str
    vnid: int

    @property
    def ref(self) -> Ref:
        """What the cookie of its rules says."""
        return Ref(f"Namespace {self.name}")


@dataclass(frozen=True)
class NodePlan:
    """One node: addresses, pods, peers and switch. Needs nothing but the objects to be worked out."""

    name: str
    ip: IPv4Address
    mac: Mac
    subnet: IPv4Network
    gateway: IPv4Address
    gateway_mac: Mac
    mode: Mode
    cluster_networks: tuple[IPv4Network, ...]
    service_networks: tuple[IPv4Network, ...]
    vxlan_udp_port: int
    pods: tuple[PodPlan, ...]
    peers: tuple[Peer, ...]
    tenants: tuple[Tenant, ...]
    bridges: tuple[Bridge, ...]

    @property
    def space(self) -> str:
        """The name of its network namespace: its own."""
        return self.name

    def flow_names(self) -> Mapping[str, object]:
        """Every name that a file of `flows/` may use; `flows/README.md` explains each."""
        return {
            "subnet_mode": self.mode is Mode.SUBNET,
            "multitenant": self.mode is Mode.MULTITENANT,
            "network_policy": self.mode is Mode.NETWORK_POLICY,
            "cluster_networks": self.cluster_networks,
            "service_networks": self.service_networks,
            "local": self.subnet,
            "gateway": self.gateway,
            "gateway_mac": self.gateway_mac,
            "node_ip": self.ip,
            "node_mac": self.mac,
            "vxlan_udp_port": self.vxlan_udp_port,
            "vxlan": VXLAN_PORT,
            "tun": TUN_PORT,
            "zone": CT_ZONE,
            "pods": self.pods,
            "peers": self.peers,
            "tenants": self.tenants,
        }

    def refs(self) -> dict[int, str]:
        """The name behind each number that a cookie of this node's rules may carry."""
        owners: tuple[PodPlan | Peer | Tenant, ...] = (*self.pods, *self.peers, *self.tenants)
        return {owner.ref.number: owner.ref.name for owner in owners}
