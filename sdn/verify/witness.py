"""Hold the three witnesses against each other: what was expected, what is predicted, what was observed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from sdn.verify.capture import Sighting
from sdn.verify.oracle import Decision, Key
from sdn.verify.packet import Packet, decode
from sdn.verify.places import Look, Stop, Tap
from sdn.verify.probe import Leg, NotApplicable, Probe, place_of, shown
from sdn.verify.result import Check, Hop, Rule, Status

_ENOUGH = 2


@dataclass(frozen=True)
class Evidence:
    """All that is known when the packets have been sent.

    `rises` says by how much the real counters of rules rose, `due` how many frames should have died at each.
    """

    sightings: Sequence[Sighting]
    decisions: Mapping[Stop, Decision]
    rises: Mapping[Key, int]
    due: Mapping[Key, int]
    vxlan_udp_port: int
    refused: str = ""  # why the first device did not take the frame
    took_too_large: bool = False
    seconds: float = 0.0


def judge(probe: Probe, evidence: Evidence) -> Check:
    """The check that a probe was made for."""
    legs = [_Walk(leg, probe, evidence) for leg in probe.legs]
    complaints = next((leg.complaints for leg in legs if leg.complaints), [])  # what follows from it is no news
    if evidence.refused:
        complaints = [f"{shown(probe.put)} did not take the frame: {evidence.refused}"]
    if evidence.took_too_large:
        complaints = [*complaints, f"{shown(probe.put)} took a frame larger than its MTU"]
    predicted = _word(all(leg.end is None for leg in legs))
    observed = _word(all(leg.arrived for leg in legs))
    holds = str(probe.verdict) == predicted == observed and not complaints
    return Check(
        id=probe.id,
        title=probe.title,
        path=probe.path,
        status=Status.HOLDS if holds else Status.FAILS,
        expected=str(probe.verdict),
        why=probe.verdict.why,
        predicted=predicted,
        observed=observed,
        hops=tuple(hop for leg in legs for hop in leg.hops),
        note=note_of(complaints),
        seconds=evidence.seconds,
    )


def not_applicable(item: NotApplicable) -> Check:
    """The check that this lab cannot have."""
    return Check(item.id, item.title, "", Status.NOT_APPLICABLE, note=item.reason)


def note_of(complaints: Iterable[str]) -> str:
    """What is wrong in a few lines; the hops tell the rest."""
    different = list(dict.fromkeys(complaints))
    more = f"; and {len(different) - _ENOUGH} more" if len(different) > _ENOUGH else ""
    return "; ".join(different[:_ENOUGH]) + more


class _Walk:
    """One leg, stop by stop. `end` is the number of the stop that drops, by its rules; None if none does."""

    def __init__(self, leg: Leg, probe: Probe, evidence: Evidence) -> None:
        self._leg, self._probe, self._evidence = leg, probe, evidence
        self._open = probe.verdict.allowed
        self.hops: list[Hop] = []
        self.complaints: list[str] = []
        self.arrived = False
        self._last = ""  # the last place that had the packet, and what decided there
        self._missed = False
        self.end = next((i for i, stop in enumerate(leg.stops) if self._drops(stop)), None)
        for number, stop in enumerate(leg.stops):
            if isinstance(stop, Tap):
                self._tap(stop, beyond=self.end is not None and number > self.end)
            elif self.end is None or number <= self.end:  # nobody beyond the one that drops is asked
                self._decide(stop)
        if not self._open and self.end is None:
            self.complaints.insert(0, f"nothing drops it; the last to have it was {self._last}")

    def _drops(self, stop: Stop) -> bool:
        return not isinstance(stop, Tap) and not self._evidence.decisions[stop].passed

    def _tap(self, tap: Tap, beyond: bool) -> None:
        put = tap is self._probe.put and not self._evidence.refused
        seen, summary, complaint = (True, "put in", "") if put else self._look(tap)
        self.arrived = seen
        self.hops.append(Hop(tap.place, tap.device, seen, summary))
        lost = not seen and not beyond and not self._missed
        if complaint:
            self.complaints.append(f"{shown(tap)}: {complaint}")
        elif lost and self._open:
            self.complaints.append(self._lost(tap))
        elif lost and self.end is not None:
            self.complaints.append(f"{self._lost(tap)}, so that nothing is proven")
        if seen and beyond and not self._open:
            self.complaints.append(f"seen at {shown(tap)}, though {self._last} should have dropped it")
        self._missed = self._missed or not seen
        if seen and not beyond:
            self._last = shown(tap)

    def _lost(self, tap: Tap) -> str:
        return f"not seen at {shown(tap)}; the last to have it was {self._last or 'nobody'}"

    def _look(self, tap: Tap) -> tuple[bool, str, str]:
        """Whether the packet was seen there, what it looked like, and what was wrong about it."""
        packets = self._packets(tap)
        if not self._open or tap.look is None:
            return bool(packets), str(packets[0]) if packets else "not seen", ""
        alike = [packet for packet in packets if packet.kind == tap.look.kind]
        wrong = [_differs(packet, tap.look) for packet in alike]
        for packet, difference in zip(alike, wrong, strict=True):
            if not difference:
                return True, str(packet), ""
        if alike:
            return True, str(alike[0]), wrong[0]
        return False, "not seen", ""

    def _packets(self, tap: Tap) -> list[Packet]:
        mark = self._probe.mark if self._leg.marked else b""
        return [
            decode(sighting.frame, self._evidence.vxlan_udp_port)
            for sighting in self._evidence.sightings
            if sighting.space == tap.space and sighting.device == tap.device and mark in sighting.frame
        ]

    def _decide(self, stop: Stop) -> None:
        decision = self._evidence.decisions[stop]
        name, rules = shown(stop), decision.rules
        if not decision.passed:
            rules = self._counted(stop, decision)
        decided = f" by {rules[-1]}" if rules else ""
        if self._open and decision.complaint:
            self.complaints.append(f"{name}: {decision.complaint}{decided}")
        elif self._open and not decision.passed:
            self.complaints.append(f"{name}: {decision.summary}{decided}")
        self._last = f"{name} ({rules[-1]})" if rules else name
        self.hops.append(Hop(*place_of(stop), None, decision.summary, rules, not decision.passed))

    def _counted(self, stop: Stop, decision: Decision) -> tuple[Rule, ...]:
        """The rules, the last with what its real counter says; a drop that it did not count is a complaint."""
        for one in dict.fromkeys(self._evidence.decisions[each] for each in self._probe.each(stop)):
            if one.key is None:
                continue
            rise, due = self._evidence.rises.get(one.key, 0), self._evidence.due.get(one.key, 0)
            if rise < due and not self._open:
                rule = f"the rule that should have dropped it counted {rise} packets of {due}: {one.rules[-1]}"
                self.complaints.append(f"{shown(stop)}: {rule}")
        if decision.key is None or decision.key not in self._evidence.due:
            return decision.rules
        return (*decision.rules[:-1], replace(decision.rules[-1], packets=self._evidence.rises[decision.key]))


def _differs(packet: Packet, look: Look) -> str:
    """What is wrong about a packet; empty if nothing is."""
    if (packet.source, packet.destination) != (look.source, look.destination):
        return f"{packet.source} → {packet.destination} instead of {look.source} → {look.destination}"
    if packet.outer != look.outer:
        return f"{packet.outer or 'no tunnel'} instead of {look.outer or 'none'}"
    if packet.fragment:
        return "fragmented"
    if look.frame and packet.frame[: len(look.frame)] != look.frame:
        return "not the frame that was put in"
    return ""


def _word(allowed: bool) -> str:
    return "allow" if allowed else "deny"


def dying(probe: Probe, decisions: Mapping[Stop, Decision]) -> Iterable[Key]:
    """The rule at which each frame of a probe should die."""
    for leg in probe.legs:
        for stop in leg.stops:
            if not isinstance(stop, Tap) and not decisions[stop].passed:
                return [key for one in probe.each(stop) if (key := decisions[one].key)]
    return []
