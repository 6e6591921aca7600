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
    complaints = [complaint for leg in legs for complaint in leg.complaints]
    if evidence.refused:
        complaints.insert(0, f"{shown(probe.put)} did not take the frame: {evidence.refused}")
    if evidence.took_too_large:
        complaints.append(f"{shown(probe.put)} took a frame larger than its MTU")
    predicted = _word(all(leg.passes for leg in legs))
    observed = _word(all(leg.arrived for leg in legs))
    holds = str(probe.verdict) == predicted == observed and not complaints
    if not holds and not complaints:
        complaints = [leg.lost for leg in legs if leg.lost][:1] or [f"{predicted} predicted, {observed} observed"]
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
        note="; ".join(dict.fromkeys(complaints)),
        seconds=evidence.seconds,
    )


def not_applicable(item: NotApplicable) -> Check:
    """The check that this lab cannot have."""
    return Check(item.id, item.title, "", Status.NOT_APPLICABLE, note=item.reason)


class _Walk:
    """One leg, stop by stop."""

    def __init__(self, leg: Leg, probe: Probe, evidence: Evidence) -> None:
        self._leg, self._probe, self._evidence = leg, probe, evidence
        self.hops: list[Hop] = []
        self.complaints: list[str] = []
        self.lost = ""
        self._last = ""
        self._rule: Rule | None = None
        self.passes = True
        self.arrived = False
        for stop in leg.stops:
            if isinstance(stop, Tap):
                self._tap(stop)
            else:
                self._decide(stop)

    def _tap(self, tap: Tap) -> None:
        allowed = self._probe.verdict.allowed
        put = tap is self._probe.put and not self._evidence.refused
        seen, summary, complaint = (True, "put in", "") if put else self._look(tap)
        self.arrived = seen
        self.hops.append(Hop(tap.place, tap.device, seen, summary))
        if complaint and allowed:
            self.complaints.append(f"{shown(tap)}: {complaint}")
        if not seen and self.passes and not self.lost:
            self.lost = self._where(tap)
            if not allowed:
                self.complaints.append(f"{self.lost}, so that nothing is proven")
        if seen and not self.passes and not allowed:
            self.complaints.append(f"seen at {shown(tap)}, though {self._last} should have dropped it")
        if seen:
            self._last = shown(tap)

    def _look(self, tap: Tap) -> tuple[bool, str, str]:
        """Whether the packet was seen there, what it looked like, and what was wrong about it."""
        packets = self._packets(tap)
        if not self._probe.verdict.allowed or tap.look is None:
            return bool(packets), str(packets[0]) if packets else "not seen", ""
        alike = [packet for packet in packets if packet.kind == tap.look.kind]
        wrong = [_differs(packet, tap.look) for packet in alike]
        for packet, difference in zip(alike, wrong, strict=True):
            if not difference:
                return True, str(packet), ""
        if alike:
            return False, str(alike[0]), wrong[0]
        return False, "not seen", ""

    def _packets(self, tap: Tap) -> list[Packet]:
        mark = self._probe.mark if self._leg.marked else b""
        return [
            decode(sighting.frame, self._evidence.vxlan_udp_port)
            for sighting in self._evidence.sightings
            if sighting.space == tap.space and sighting.device == tap.device and mark in sighting.frame
        ]

    def _decide(self, stop: Stop) -> None:
        if not self.passes:
            return  # nobody beyond the one that drops is asked
        decision = self._evidence.decisions[stop]
        self._rule = decision.rules[-1] if decision.rules else None
        self._last = shown(stop)
        rules = decision.rules
        if not decision.passed:
            self.passes = False
            rules = self._counted(stop, decision)
            self.lost = f"{self._last}: {decision.summary}{f' by {rules[-1]}' if rules else ''}"
        if decision.complaint and self._probe.verdict.allowed:
            self.complaints.append(f"{self._last}: {decision.complaint}")
        self.hops.append(Hop(*place_of(stop), None, decision.summary, rules, not decision.passed))

    def _counted(self, stop: Stop, decision: Decision) -> tuple[Rule, ...]:
        """The rules, the last with what its real counter says; a drop that it did not count is a complaint."""
        for one in dict.fromkeys(self._evidence.decisions[each] for each in self._probe.each(stop)):
            if one.key is None:
                continue
            rise, due = self._evidence.rises.get(one.key, 0), self._evidence.due.get(one.key, 0)
            if rise < due and not self._probe.verdict.allowed:
                rule = f"the rule that should have dropped it counted {rise} packets of {due}: {one.rules[-1]}"
                self.complaints.append(f"{self._last}: {rule}")
        if decision.key is None or decision.key not in self._evidence.due:
            return decision.rules
        return (*decision.rules[:-1], replace(decision.rules[-1], packets=self._evidence.rises[decision.key]))

    def _where(self, tap: Tap) -> str:
        """Where a packet that should have been seen at a tap got lost."""
        if not self._last:
            return f"not seen at {shown(tap)}"
        rule = f", where {self._rule} decided" if self._rule and not self._last.endswith(tap.device) else ""
        return f"not seen at {shown(tap)}; the last to have it was {self._last}{rule}"


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
