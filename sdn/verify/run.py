"""One whole verification: choose, predict, put in, watch, judge. All is put in at once and told apart by marks."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain

from sdn.expect import expect
from sdn.model import Objects
from sdn.ovs.database import Datapath
from sdn.pipeline import load_tables
from sdn.plan import plan
from sdn.verify import exchange
from sdn.verify.capture import Capture, Sighting
from sdn.verify.exchange import Exchange, asked, converse
from sdn.verify.oracle import Decision, Key, Oracle
from sdn.verify.paths import exchanges, probes
from sdn.verify.places import Stop, Tap, spaces_of
from sdn.verify.probe import Item, NotApplicable, Probe, World
from sdn.verify.result import Check
from sdn.verify.witness import Evidence, dying, judge, not_applicable

_ARRIVAL_S = 2.0
_SILENCE_S = 0.05  # after all that may arrive has arrived: what is forbidden would have come on the same ways


def verify(objects: Objects, datapath: Datapath) -> Iterator[Check]:
    """Prove every kind of way in the lab that this process runs in; checks come as they end."""
    world = World(plan(objects), expect(objects), objects.cluster.mtu, objects.cluster.vxlan_port, datapath)
    oracle = Oracle(world.plan, load_tables())
    items, talks = list(probes(world)), list(exchanges(world))
    spaces = [space for item in items if isinstance(item, Probe) for space in item.spaces]
    spaces += [space for talk in talks if isinstance(talk, Exchange) for space in spaces_of(talk.stops)]
    with Capture(spaces) as capture:
        yield from Round(world, oracle, capture).prove(items)
        yield from _converse(world, oracle, capture, talks)


def _converse(
    world: World, oracle: Oracle, capture: Capture, items: Sequence[Exchange | NotApplicable]
) -> Iterator[Check]:
    """A check for each exchange, in their order; all are made at once."""
    wanted = [item for item in items if isinstance(item, Exchange)]
    decisions: dict[Stop, Decision] = {stop: oracle.decide(stop) for stop in asked(wanted)}
    capture.sightings.clear()
    made = {talk.exchange.id: talk for talk in converse(wanted, capture)}
    for item in items:
        if isinstance(item, NotApplicable):
            yield not_applicable(item)
        else:
            yield exchange.judge(made[item.id], decisions, capture.sightings, world.vxlan_udp_port)


class Round:
    """Probes that are in the lab at the same time."""

    def __init__(self, world: World, oracle: Oracle, capture: Capture) -> None:
        self._world, self._oracle, self._capture = world, oracle, capture
        self._refused: dict[str, str] = {}
        self._too_large: set[str] = set()

    def prove(self, items: Sequence[Item]) -> Iterator[Check]:
        """A check for each item, in their order."""
        sent = [item for item in items if isinstance(item, Probe)]
        decisions = self._predict(sent)
        due = Counter(chain.from_iterable(dying(probe, decisions) for probe in sent))
        nodes = sorted({key[0] for key in due})
        before = self._oracle.counters(nodes)
        began = time.monotonic()
        self._put_in(sent)
        self._wait(sent)
        rises = _rises(before, self._oracle.counters(nodes), due)
        for item in items:
            if isinstance(item, NotApplicable):
                yield not_applicable(item)
            else:
                yield judge(item, self._evidence(item, decisions, rises, due, began))

    def _predict(self, sent: Iterable[Probe]) -> dict[Stop, Decision]:
        every = (one for probe in sent for leg in probe.legs for stop in leg.stops for one in probe.each(stop))
        return {stop: self._oracle.decide(stop) for stop in dict.fromkeys(every) if not isinstance(stop, Tap)}

    def _put_in(self, sent: Sequence[Probe]) -> None:
        """The forbidden first: when the allowed have passed the same switches, the forbidden have too."""
        for probe in sorted(sent, key=lambda probe: probe.verdict.allowed):
            try:
                for frame in probe.frames:
                    self._capture.put(probe.put.space, probe.put.device, frame)
            except OSError as error:
                self._refused[probe.id] = error.strerror or str(error)
            if probe.too_large and self._takes(probe):
                self._too_large.add(probe.id)

    def _takes(self, probe: Probe) -> bool:
        try:
            self._capture.put(probe.put.space, probe.put.device, probe.too_large)
        except OSError:
            return False
        return True

    def _wait(self, sent: Iterable[Probe]) -> None:
        missing = [(leg.stops[-1], probe.mark) for probe in sent if probe.verdict.allowed for leg in probe.legs[-1:]]
        looked = 0

        def all_arrived() -> bool:
            nonlocal missing, looked
            new, looked = self._capture.sightings[looked:], len(self._capture.sightings)
            missing = [one for one in missing if not any(_arrived(sighting, *one) for sighting in new)]
            return not missing

        self._capture.watch(all_arrived, _ARRIVAL_S)
        self._capture.watch(lambda: False, _SILENCE_S)

    def _evidence(
        self,
        probe: Probe,
        decisions: Mapping[Stop, Decision],
        rises: Mapping[Key, int],
        due: Mapping[Key, int],
        began: float,
    ) -> Evidence:
        seen = [sighting.at_s for sighting in self._capture.sightings if probe.mark in sighting.frame]
        return Evidence(
            self._capture.sightings,
            decisions,
            rises,
            due,
            self._world.vxlan_udp_port,
            self._refused.get(probe.id, ""),
            probe.id in self._too_large,
            round(max(seen, default=began) - began, 4),
        )


def _arrived(sighting: Sighting, stop: Stop, mark: bytes) -> bool:
    return (
        isinstance(stop, Tap)
        and sighting.space == stop.space
        and sighting.device == stop.device
        and not sighting.outgoing
        and (mark in sighting.frame or (stop.look is not None and stop.look.kind == "ARP reply"))
    )


def _rises(before: Mapping[Key, int], after: Mapping[Key, int], keys: Iterable[Key]) -> dict[Key, int]:
    return {key: after.get(key, 0) - before.get(key, 0) for key in keys}
