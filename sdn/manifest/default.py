"""What a Cluster document leaves out: OpenShift's defaults, as the model states them."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import AddressValueError, IPv4Network, NetmaskValueError
from typing import Any

from sdn.manifest.document import Document
from sdn.model import Cluster

HOST_PREFIX = Cluster.cluster_networks[0].host_prefix

_SPEC: dict[str, Any] = {
    "networkType": Cluster.network_type,
    "mode": str(Cluster.mode),
    "clusterNetwork": [{"cidr": str(n.cidr)} for n in Cluster.cluster_networks],
    "serviceNetwork": [str(cidr) for cidr in Cluster.service_networks],
    "machineNetwork": [{"cidr": str(n.cidr), "gateway": str(n.gateway)} for n in Cluster.machine_networks],
    "mtu": Cluster.mtu,
    "vxlanPort": Cluster.vxlan_port,
    "externalNetworks": [],
}


def completed(cluster: Document) -> Document:
    """The same Cluster document with every field there; what was given stays in its place."""
    spec = _SPEC | cluster.value["spec"]
    spec["clusterNetwork"] = [{"hostPrefix": HOST_PREFIX} | network for network in spec["clusterNetwork"]]
    spec["machineNetwork"] = [_first_address(network) | network for network in spec["machineNetwork"]]
    return replace(cluster, value=cluster.value | {"spec": spec})


def _first_address(network: dict[str, Any]) -> dict[str, str]:
    try:
        return {"gateway": str(IPv4Network(network["cidr"])[1])}
    except (AddressValueError, NetmaskValueError, ValueError, IndexError):
        return {}
