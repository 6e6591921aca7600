"""What the user said: frozen values, no I/O, no defaults worked out from other fields."""

from sdn.model.cluster import (
    Cluster,
    ClusterNetwork,
    ExternalNetwork,
    Host,
    MachineNetwork,
    Mode,
    Node,
)
from sdn.model.objects import Objects
from sdn.model.workload import Container, ContainerPort, Namespace, Pod, Protocol

__all__ = [
    "Cluster",
    "ClusterNetwork",
    "Container",
    "ContainerPort",
    "ExternalNetwork",
    "Host",
    "MachineNetwork",
    "Mode",
    "Namespace",
    "Node",
    "Objects",
    "Pod",
    "Protocol",
]
