"""What is put in for one check, and the way that it should take or must not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain

from sdn.expect import Expectation, Verdict
from sdn.ovs.database import Datapath
from sdn.plan import NodePlan, Plan, PodPlan, Space
from sdn.plan.machine import GATEWAY
from sdn.verify.places import REAL_NETWORK, Crossing, Filtering, Routing, Stop, Tap, hosts, spaces_of


@dataclass(frozen=True)
class Leg:
    """One direction of a way. An unmarked one is known by its looks alone (an ARP reply carries no mark)."""

    stops: tuple[Stop, ...]
    marked: bool = True


@dataclass(frozen=True)
class Probe:
    """Frames for one place, and the way there and, if it is answered, back.

    `verdict` is what the user's objects say. `too_large`, if given, is a frame that the device must refuse. `met`, if
    given, is what the rules of the first switch meet instead of the frames.
    """

    id: str
    title: str
    verdict: Verdict
    frames: tuple[bytes, ...]
    mark: bytes
    legs: tuple[Leg, ...]
    too_large: bytes = b""
    met: tuple[bytes, ...] = ()

    @property
    def put(self) -> Tap:
        """Where the frames are put in: the first stop."""
        first = self.legs[0].stops[0]
        if not isinstance(first, Tap):
            raise TypeError(f"{self.id}: a way starts on a device")
        return first

    def each(self, stop: Stop) -> list[Stop]:
        """The stop once for each frame: a switch is asked about every one (fragments may meet different rules)."""
        met = self.met or self.frames
        if isinstance(stop, Crossing) and stop.frame == met[0]:
            return [replace(stop, frame=frame) for frame in met]
        return [stop] * len(met)

    @property
    def path(self) -> str:
        """The way there in one line."""
        return path_of(self.legs[0].stops)

    @property
    def spaces(self) -> list[str]:
        """The namespaces in which it is captured."""
        return list(chain.from_iterable(spaces_of(leg.stops) for leg in self.legs))


@dataclass(frozen=True)
class NotApplicable:
    """A kind of way that this lab cannot have."""

    id: str
    title: str
    reason: str


Item = Probe | NotApplicable


def place_of(stop: Stop) -> tuple[str, str]:
    """Where a stop is, and what it is called there."""
    match stop:
        case Tap():
            return stop.place, stop.device
        case Crossing():
            return stop.node, stop.bridge
        case Routing():
            return stop.place, "routing"
        case Filtering():
            return stop.place, "netfilter"


def shown(stop: Stop) -> str:
    """A stop in a few words."""
    return " ".join(place_of(stop))


def path_of(stops: Iterable[Stop]) -> str:
    """A way in one line. A place is named when it is come to; what happens in the real network's cables is one stop."""
    words: list[str] = []
    before = ""
    for stop in stops:
        place, device = place_of(stop)
        if isinstance(stop, Crossing) and stop.came:
            words.append("vxlan0")
        if place != REAL_NETWORK:
            words.append(device if place == before else f"{place} {device}")
        elif place != before:
            words.append(place)
        if isinstance(stop, Crossing) and stop.goes:
            words.append("vxlan0")
        before = place
    return " → ".join(words)


@dataclass(frozen=True)
class World:
    """What the scenarios choose from."""

    plan: Plan
    expectation: Expectation
    mtu_bytes: int
    vxlan_udp_port: int
    datapath: Datapath = Datapath.USERSPACE

    def node_of(self, pod: PodPlan) -> NodePlan:
        """The node that a pod is on."""
        return self.plan.node(pod.node)

    def pairs(self, same_node: bool) -> Iterator[tuple[PodPlan, PodPlan]]:
        """Every ordered pair of different pods on one node, or on two."""
        pods = self.plan.pods
        for source in pods:
            for destination in pods:
                if source is not destination and (source.node == destination.node) is same_node:
                    yield source, destination

    def allowed_pair(self, same_node: bool) -> tuple[PodPlan, PodPlan] | None:
        """The first pair that may talk."""
        return next((pair for pair in self.pairs(same_node) if self.verdict(*pair).allowed), None)

    def no_pair(self, same_node: bool) -> str:
        """Why `allowed_pair` found none."""
        if next(self.pairs(same_node), None):
            return f"no two pods {'of one node' if same_node else 'of different nodes'} may talk to each other"
        return "no node has two pods" if same_node else "fewer than two nodes have pods"

    def verdict(self, source: PodPlan, destination: PodPlan) -> Verdict:
        """What the user's objects say about a pair."""
        return self.expectation.pod_to_pod(source.key, destination.key)

    @property
    def hosts(self) -> list[Space]:
        """The machines outside the cluster."""
        return hosts(self.plan)

    @property
    def gateway(self) -> Space:
        """The router of the real network."""
        return self.plan.space(GATEWAY)
