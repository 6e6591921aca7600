"""The user's own Kubernetes objects, as far as the network needs them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Protocol(StrEnum):
    """A transport that a container port may name."""

    TCP = "TCP"
    UDP = "UDP"
    SCTP = "SCTP"


@dataclass(frozen=True)
class ContainerPort:
    """A port that a container declares; `number` is 1 to 65535."""

    number: int
    protocol: Protocol = Protocol.TCP
    name: str = ""


@dataclass(frozen=True)
class Container:
    """One container of a pod."""

    name: str
    ports: tuple[ContainerPort, ...] = ()
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()


@dataclass(frozen=True)
class Namespace:
    """A namespace and its labels (sorted pairs)."""

    name: str
    labels: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Pod:
    """A pod that is placed on a node."""

    name: str
    namespace: str
    node_name: str
    containers: tuple[Container, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()

    @property
    def key(self) -> str:
        """`namespace/name`, as kubectl writes it."""
        return f"{self.namespace}/{self.name}"

    @property
    def ports(self) -> tuple[ContainerPort, ...]:
        """Every port that any of its containers declares, in order."""
        return tuple(port for container in self.containers for port in container.ports)
