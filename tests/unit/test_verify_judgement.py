"""What the three witnesses say decides, and nothing less: made-up sightings and decisions against real ways."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import replace
from functools import cache
from ipaddress import IPv4Address
from pathlib import Path
from xml.etree import ElementTree

import pytest
from rich.console import Console

from sdn.expect import expect
from sdn.manifest import load, read_sources
from sdn.plan import plan
from sdn.verify import exchange as exchanges_of
from sdn.verify import frames, report
from sdn.verify.capture import Sighting
from sdn.verify.exchange import Exchange, Talk
from sdn.verify.oracle import Decision, Key
from sdn.verify.paths import exchanges, probes
from sdn.verify.places import Crossing, Stop, Tap
from sdn.verify.probe import NotApplicable, Probe, World
from sdn.verify.result import Check, Rule, Status
from sdn.verify.witness import Evidence, dying, judge, not_applicable

TOPOLOGY = Path(__file__).parents[2] / "topologies" / "two-node.yaml"
DROP: Key = ("node1", 20, 0, "")
RULE = Rule("from_pod", 20, 0, "", "drop", "flows/20-from-pod.flows:27")
PASSES = Decision(True, "passes", (RULE,))
DROPS = Decision(False, "dropped", (RULE,), DROP)


@cache
def world() -> World:
    objects = load(read_sources([str(TOPOLOGY)])).objects
    return World(plan(objects), expect(objects), objects.cluster.mtu, objects.cluster.vxlan_port)


def probe(name: str) -> Probe:
    """The probe of that name, its first leg alone."""
    found = next(item for item in probes(world()) if isinstance(item, Probe) and item.id == name)
    return replace(found, legs=found.legs[:1])


def taps(stops: tuple[Stop, ...]) -> list[Tap]:
    return [stop for stop in stops if isinstance(stop, Tap)]


def seen(tap: Tap, frame: bytes) -> Sighting:
    return Sighting(tap.space, tap.device, frame, 0.0, False, 0, False)


def wrapped(tap: Tap, frame: bytes, vnid: int | None = None) -> bytes:
    """The frame as a tap wants it: in the tunnel, if it stands on the real network."""
    if tap.look is None or tap.look.outer is None:
        return frame
    outer = tap.look.outer
    macs = ("0a:58:0a:fc:07:14", "0a:58:0a:fc:07:15")
    vnid = outer.vnid if vnid is None else vnid
    return frames.vxlan(macs, outer.source, outer.destination, vnid, frame, 4789)[0]


def evidence(one: Probe, sightings: list[Sighting], decision: Decision = PASSES, rise: int = 0) -> Evidence:
    decisions = {each: decision for stop in one.legs[0].stops if not isinstance(stop, Tap) for each in one.each(stop)}
    due: dict[Key, int] = {}
    for key in dying(one, decisions):
        due[key] = due.get(key, 0) + 1
    return Evidence(sightings, decisions, dict.fromkeys(due, rise), due, 4789)


def everywhere(one: Probe, count: int | None = None) -> list[Sighting]:
    """Seen as it should be at the first `count` places after the one where it is put in."""
    return [seen(tap, wrapped(tap, one.frames[0])) for tap in taps(one.legs[0].stops)[1:count]]


@pytest.mark.parametrize("name", ["same-node", "same-node-arp", "across-nodes", "mtu-across-nodes", "from-other-node"])
def test_an_open_way_holds_if_the_packet_is_seen_at_every_place(name: str) -> None:
    one = probe(name)
    check = judge(one, evidence(one, everywhere(one)))
    assert (check.status, check.note) == (Status.HOLDS, "")
    assert (check.expected, check.predicted, check.observed) == ("allow", "allow", "allow")


@pytest.mark.parametrize("missing", range(1, 8))
def test_an_open_way_fails_if_one_place_did_not_see_it(missing: int) -> None:
    one = probe("across-nodes")
    places = taps(one.legs[0].stops)
    assert len(places) == 8
    sightings = everywhere(one)
    del sightings[missing - 1]
    check = judge(one, evidence(one, sightings))
    assert check.status is Status.FAILS
    assert check.note.startswith(f"not seen at {places[missing].place} {places[missing].device}")


def test_an_open_way_fails_if_a_switch_would_drop_it() -> None:
    one = probe("same-node")
    check = judge(one, evidence(one, everywhere(one), DROPS))
    assert (check.predicted, check.observed, check.status) == ("deny", "allow", Status.FAILS)
    assert "node1 br0: dropped by from_pod any → drop (flows/20-from-pod.flows:27)" in check.note


def test_an_open_way_fails_if_the_outer_packet_has_another_vnid() -> None:
    one = probe("across-nodes")
    sightings = [seen(tap, wrapped(tap, one.frames[0], vnid=5)) for tap in taps(one.legs[0].stops)[1:]]
    check = judge(one, evidence(one, sightings))
    assert check.status is Status.FAILS
    assert "node1 eth0: VXLAN 10.252.7.20 → 10.252.7.21 VNID 0x5 instead of" in check.note


def test_an_open_way_fails_if_the_frame_was_changed() -> None:
    one = probe("same-node")
    changed = bytes([*one.frames[0][:6], 0x66, *one.frames[0][7:]])
    check = judge(one, evidence(one, [seen(tap, changed) for tap in taps(one.legs[0].stops)[1:]]))
    assert "not the frame that was put in" in check.note


def test_another_packet_at_the_right_place_is_no_evidence() -> None:
    one = probe("same-node")
    other = frames.echo(("0a:58:0a:f8:00:02", "0a:58:0a:f8:00:03"), *addresses(one), frames.token())
    check = judge(one, evidence(one, [seen(tap, other) for tap in taps(one.legs[0].stops)[1:]]))
    assert (check.status, check.observed) == (Status.FAILS, "deny")


def addresses(one: Probe) -> tuple[IPv4Address, IPv4Address]:
    look = one.put.look
    assert look is not None
    return look.source, look.destination


def test_a_closed_way_holds_if_it_ends_where_the_rule_says_and_is_counted() -> None:
    one = probe("hostile-source")
    check = judge(one, evidence(one, everywhere(one, 2), DROPS, rise=1))
    assert (check.status, check.note) == (Status.HOLDS, "")
    (end,) = [hop for hop in check.hops if hop.dropped]
    assert end.rules[-1].packets == 1


def test_a_closed_way_fails_if_the_rule_did_not_count() -> None:
    one = probe("hostile-source")
    check = judge(one, evidence(one, everywhere(one, 2), DROPS, rise=0))
    assert check.status is Status.FAILS
    assert "counted 0 packets of 1" in check.note


def test_a_closed_way_fails_if_the_packet_never_came_to_the_switch() -> None:
    one = probe("hostile-source")
    check = judge(one, evidence(one, [], DROPS, rise=1))
    assert check.status is Status.FAILS
    assert "nothing is proven" in check.note


@pytest.mark.parametrize("place", [-1, -2])
def test_a_closed_way_fails_if_the_packet_is_seen_beyond_its_end(place: int) -> None:
    one = probe("hostile-source")
    beyond = taps(one.legs[0].stops)[place]
    check = judge(one, evidence(one, [*everywhere(one, 2), seen(beyond, one.frames[0])], DROPS, rise=1))
    assert check.status is Status.FAILS
    assert f"seen at {beyond.place} {beyond.device}" in check.note


def test_a_closed_way_fails_if_nothing_drops_it_even_if_it_did_not_arrive() -> None:
    one = probe("hostile-source")
    check = judge(one, evidence(one, everywhere(one, 2), PASSES))
    assert (check.status, check.predicted, check.observed) == (Status.FAILS, "allow", "deny")
    assert "nothing drops it" in check.note


def test_a_frame_that_is_refused_is_named_first() -> None:
    one = probe("mtu-same-node")
    check = judge(one, replace(evidence(one, []), refused="Message too long"))
    assert check.note == "default/a eth0 did not take the frame: Message too long"
    taken = judge(one, replace(evidence(one, everywhere(one)), took_too_large=True))
    assert taken.status is Status.FAILS


def http(name: str) -> Exchange:
    return next(item for item in exchanges(world()) if isinstance(item, Exchange) and item.id == name)


CLIENT = 40123


def conversation(one: Exchange, sightings: list[Sighting], failure: str = "") -> Check:
    end: Future[tuple[str, float]] = Future()
    end.set_result((failure, 1.0))
    decisions: dict[Stop, Decision] = {stop: PASSES for stop in one.stops if isinstance(stop, Crossing)}
    return exchanges_of.judge(Talk(one, CLIENT, 0.5, end), decisions, sightings, 4789)


def segments(one: Exchange, length: int = 40) -> list[Sighting]:
    """A segment of `length` bytes of IP each way, seen everywhere."""
    there = _segment(one.client, one.server[0], (CLIENT, one.server[1]), length)
    back = _segment(one.server[0], one.client, (one.server[1], CLIENT), length)
    return [seen(tap, wrapped(tap, frame)) for tap in taps(one.stops) for frame in (there, back)]


def _segment(source: IPv4Address, destination: IPv4Address, ports: tuple[int, int], length: int) -> bytes:
    from scapy.layers.inet import IP, TCP
    from scapy.layers.l2 import Ether

    return bytes(
        Ether() / IP(src=str(source), dst=str(destination)) / TCP(sport=ports[0], dport=ports[1]) / bytes(length - 40)
    )


@pytest.mark.parametrize("name", ["http-same-node", "http-across-nodes"])
@pytest.mark.parametrize(("size", "holds"), [(1450, True), (1451, False)])
def test_no_packet_may_be_larger_than_the_mtu(name: str, size: int, holds: bool) -> None:
    check = conversation(http(name), segments(http(name), size))
    assert check.ok is holds
    assert holds or "a packet of 1451 bytes, 1450 at most" in check.note


@pytest.mark.parametrize(("piece", "holds"), [(1410, True), (1411, False)])
def test_of_a_packet_that_will_be_cut_its_pieces_count(piece: int, holds: bool) -> None:
    one = http("http-across-nodes")
    large = [replace(sighting, piece_bytes=piece) for sighting in segments(one, 9000)]
    assert conversation(one, large).ok is holds


def test_a_fragment_between_the_nodes_fails_it() -> None:
    one = http("http-across-nodes")
    tap = next(tap for tap in taps(one.stops) if tap.place == "real network")
    assert tap.look is not None
    assert tap.look.outer is not None
    ends = tap.look.outer
    macs = ("0a:58:0a:fc:07:14", "0a:58:0a:fc:07:15")
    inner = frames.echo(macs, one.client, one.server[0], frames.token(), ip_bytes=128)
    pieces = frames.vxlan_in_fragments(macs, ends.source, ends.destination, 0, inner, 4789)
    check = conversation(one, [*segments(one), *(seen(tap, piece) for piece in pieces)])
    assert not check.ok
    assert f"real network {tap.device}: {len(pieces)} fragments" in check.note


def test_an_exchange_that_succeeded_unseen_fails() -> None:
    one = http("http-across-nodes")
    gone = taps(one.stops)[4]
    check = conversation(one, [each for each in segments(one) if each.device != gone.device])
    assert (check.ok, check.observed) == (False, "allow")
    assert f"{gone.place} {gone.device}: not seen" in check.note


def test_an_exchange_that_failed_tells_of_wrong_checksums() -> None:
    one = http("http-same-node")
    last = taps(one.stops)[-1]
    spoiled = [
        replace(each, frame=each.frame[:50] + b"\0\1" + each.frame[52:]) if each.space == last.space else each
        for each in segments(one)
    ]
    check = conversation(one, spoiled, "no answer within 3 s")
    assert f"TCP checksums are wrong at {last.place} {last.device}" in check.note
    open_ones = [replace(each, checksum_open=True) for each in spoiled]
    assert "checksums" not in conversation(one, open_ones, "no answer within 3 s").note


def test_checks_survive_json_and_reach_people_and_ci() -> None:
    good, bad = probe("same-node"), probe("hostile-source")
    checks = [
        judge(good, evidence(good, everywhere(good))),
        judge(bad, evidence(bad, everywhere(bad, 2), PASSES)),
        not_applicable(NotApplicable("isolation", "isolation", "there are no tenants")),
    ]
    events = [{"event": "check", **check.as_json()} for check in checks]
    assert report.from_events([*events, {"event": "summary", "ok": False}]) == checks
    suite = ElementTree.fromstring(report.junit(checks))
    assert [case.find("failure") is not None for case in suite] == [False, True, False]
    assert [case.find("skipped") is not None for case in suite] == [False, False, True]
    for width in (30, 80):
        console = Console(width=width, record=True, file=None, quiet=False, highlight=False, no_color=True)
        with console.capture() as printed:
            report.render_text(checks, console)
        assert max(map(len, printed.get().splitlines())) <= width
        words = " ".join(printed.get().split())
        assert "there are no tenants" in words
        assert "1 of 2 checks hold, 1 do not apply to this lab" in words
