"""What must exist on each node. Pure functions from the user's objects; one noun a module.

The same objects give the same addresses, MACs, port numbers, names and rules on every machine.
"""

from sdn.plan.address import Mac, mac_of
from sdn.plan.cluster import Plan, plan
from sdn.plan.node import NodePlan, Peer, PodPlan, Tenant
from sdn.plan.ref import Ref
from sdn.plan.space import Address, Answer, Role, Route, Space, Wire
from sdn.plan.switch import Bridge, Port, PortKind

__all__ = [
    "Address",
    "Answer",
    "Bridge",
    "Mac",
    "NodePlan",
    "Peer",
    "Plan",
    "PodPlan",
    "Port",
    "PortKind",
    "Ref",
    "Role",
    "Route",
    "Space",
    "Tenant",
    "Wire",
    "mac_of",
    "plan",
]
