"""What the user's objects say about each kind of way.

The three modes are OpenShift SDN's (OpenShift 4.10 documentation, "OpenShift SDN network isolation modes"): Subnet
keeps nobody apart; Multitenant keeps namespaces apart, except from `default`, which is global; NetworkPolicy keeps
apart what policies say, and a pod that no policy selects may be reached by everybody (Kubernetes, "Network Policies").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sdn.expect.verdict import Verdict
from sdn.model import Mode, Objects, Pod

GLOBAL_NAMESPACE = "default"


@dataclass(frozen=True)
class Expectation:
    """The truth table of one cluster. Pods are named by their key, `namespace/name`; KeyError for an unknown one."""

    mode: Mode
    pods: Mapping[str, Pod]

    def pod_to_pod(self, source: str, destination: str) -> Verdict:
        """From one pod to another, or to itself."""
        sender, receiver = self.pods[source], self.pods[destination]
        match self.mode:
            case Mode.SUBNET:
                return Verdict(True, "Subnet mode keeps nobody apart")
            case Mode.MULTITENANT:
                return _tenants(sender.namespace, receiver.namespace)
            case Mode.NETWORK_POLICY:
                return Verdict(True, "no NetworkPolicy selects either pod")

    def arp(self, source: str, destination: str) -> Verdict:
        """A pod asks another for its MAC. Tenants and policies are about IP; every pod may be asked."""
        names = f"{self.pods[source].key} and {self.pods[destination].key}"
        return Verdict(True, f"{names} may learn each other's MAC, whatever they may send")

    def pod_to_outside(self, source: str) -> Verdict:
        """From a pod to a machine that is not of the cluster."""
        return Verdict(True, f"nothing keeps {self.pods[source].key} from leaving the cluster")

    def outside_to_pod(self, destination: str) -> Verdict:
        """From a machine that is not of the cluster to the pod's own address."""
        return Verdict(False, f"the address of {self.pods[destination].key} is not known outside the cluster")

    def node_to_pod(self, node: str, destination: str) -> Verdict:
        """From a node itself, as the kubelet asks."""
        receiver = self.pods[destination]
        if receiver.node_name == node:
            return Verdict(True, "a node always reaches its own pods")
        return Verdict(True, "what a node sends belongs to no tenant, and no NetworkPolicy selects the pod")

    def forged(self, source: str) -> Verdict:
        """From a pod that says it is somebody else, or speaks as a node does."""
        return Verdict(False, f"{self.pods[source].key} may speak for itself only")

    def unknown_node(self) -> Verdict:
        """By VXLAN from a machine that is not a node of the cluster."""
        return Verdict(False, "only nodes of the cluster may send VXLAN")


def expect(objects: Objects) -> Expectation:
    """What `objects`, which have been checked, say about who may talk to whom."""
    return Expectation(objects.cluster.mode, {pod.key: pod for pod in objects.pods})


def _tenants(sender: str, receiver: str) -> Verdict:
    if sender == receiver:
        return Verdict(True, f"both are in {sender}")
    if GLOBAL_NAMESPACE in (sender, receiver):
        return Verdict(True, f"{GLOBAL_NAMESPACE} reaches every namespace and is reached by all")
    return Verdict(False, f"{sender} and {receiver} are kept apart")
