"""A real HTTP request by the kernel's own TCP, with bodies larger than the MTU in both directions.

What ping does not show, this does: checksums that an offload left open, packets larger than the MTU, fragments. Sizes
are those on the wire: of a packet that the kernel hands over whole (TSO), the size of its pieces counts.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import socket
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from ipaddress import IPv4Address

from sdn.expect import Verdict
from sdn.verify.capture import Capture, Sighting, inside
from sdn.verify.oracle import Decision
from sdn.verify.packet import Packet, decode
from sdn.verify.places import Crossing, Stop, Tap
from sdn.verify.probe import path_of, place_of, shown
from sdn.verify.result import Check, Hop, Rule, Status

OVERLAY_BYTES = 50  # IPv4, UDP, VXLAN and the inner Ethernet header
_PATIENCE_S = 3.0
_PATTERN = bytes(range(256))  # what `GET /bytes/N` repeats


@dataclass(frozen=True)
class Exchange:
    """A connection from a namespace to a server, and the way that its packets take.

    `client` is the address that the server must see; `who` is part of what it must say of itself.
    """

    id: str
    title: str
    verdict: Verdict
    space: str
    address: IPv4Address
    server: tuple[IPv4Address, int]
    client: IPv4Address
    who: Mapping[str, str]
    stops: tuple[Stop, ...]
    mtu_bytes: int

    @property
    def body_bytes(self) -> int:
        """Bytes sent each way: thirty full packets and a bit."""
        return 30 * self.mtu_bytes + 1


@dataclass(frozen=True)
class Talk:
    """An exchange that is going on: its socket, which tells the client's port, and how it will end."""

    exchange: Exchange
    port: int
    failure: Future[str]


def converse(exchanges: Iterable[Exchange], capture: Capture) -> list[Talk]:
    """Do all exchanges at the same time, watching; each has ended, well or not, when this returns."""
    with ThreadPoolExecutor(8, thread_name_prefix="exchange") as pool:
        talks = []
        for exchange in exchanges:
            with inside(exchange.space):
                sock = socket.socket()
            sock.settimeout(_PATIENCE_S)
            sock.bind((str(exchange.address), 0))
            talks.append(Talk(exchange, sock.getsockname()[1], pool.submit(_attempt, exchange, sock)))
        capture.watch(lambda: all(talk.failure.done() for talk in talks), len(talks) * 4 * _PATIENCE_S)
    return talks


def _attempt(exchange: Exchange, sock: socket.socket) -> str:
    """Why the exchange did not succeed; empty if it did."""
    with sock:
        try:
            sock.connect((str(exchange.server[0]), exchange.server[1]))
            return _talk(exchange, sock)
        except TimeoutError:
            return f"no answer within {_PATIENCE_S:g} s"
        except (OSError, http.client.HTTPException, ValueError) as error:
            return f"{error!r}"


def _talk(exchange: Exchange, sock: socket.socket) -> str:
    connection = http.client.HTTPConnection(str(exchange.server[0]), exchange.server[1])
    connection.sock = sock
    said = json.loads(_request(connection, "GET", "/"))
    if said.get("client") != str(exchange.client):
        return f"the server saw {said.get('client')} instead of {exchange.client}"
    if wrong := {key: said.get(key) for key, value in exchange.who.items() if said.get(key) != value}:
        return f"somebody else answered: {wrong}"
    body = (_PATTERN * (exchange.body_bytes // len(_PATTERN) + 1))[: exchange.body_bytes]
    came = _request(connection, "GET", f"/bytes/{exchange.body_bytes}")
    if hashlib.sha256(came).digest() != hashlib.sha256(body).digest():
        return f"{exchange.body_bytes} bytes were asked for, {len(came)} came, with another digest"
    answer = json.loads(_request(connection, "POST", "/", body))
    if (answer["length"], answer["sha256"]) != (len(body), hashlib.sha256(body).hexdigest()):
        return f"{len(body)} bytes were sent, {answer['length']} arrived, with another digest"
    return ""


def _request(connection: http.client.HTTPConnection, method: str, path: str, body: bytes | None = None) -> bytes:
    connection.request(method, path, body)
    return connection.getresponse().read()


@dataclass(frozen=True)
class _Passed:
    """The packets of one connection that passed a tap. `largest` is the largest on the wire, in bytes of IP."""

    there: int = 0
    back: int = 0
    largest: int = 0
    limit: int = 0
    fragments: int = 0
    broken: int = 0

    @property
    def seen(self) -> bool:
        return bool(self.there and self.back)

    def __str__(self) -> str:
        if not self.there and not self.back:
            return "not seen"
        return f"{self.there} packets there, {self.back} back, the largest {self.largest} bytes"

    @property
    def wrong(self) -> str:
        """What is wrong about their sizes; empty if nothing is."""
        if self.fragments:
            return f"{self.fragments} fragments"
        return f"a packet of {self.largest} bytes, {self.limit} at most" if self.largest > self.limit else ""


def judge(talk: Talk, decisions: Mapping[Stop, Decision], sightings: Sequence[Sighting], vxlan_udp_port: int) -> Check:
    """The check that an exchange was made for."""
    exchange, failure = talk.exchange, talk.failure.result()
    hops, complaints, lost, passes = list[Hop](), list[str](), "", True
    last, rule = "", None
    for stop in exchange.stops:
        if isinstance(stop, Tap):
            passed = _passed(stop, talk, sightings, vxlan_udp_port)
            hops.append(Hop(stop.place, stop.device, passed.seen, str(passed)))
            complaints += [f"{shown(stop)}: {passed.wrong}"] if passed.wrong else []
            lost = lost or _lost(stop, passed, last, rule)
            last, rule = shown(stop), None
        else:
            decision = decisions[stop]
            passes = passes and decision.passed
            last, rule = shown(stop), decision.rules[-1] if decision.rules else None
            complaints += [f"{last}: {decision.complaint}"] if decision.complaint else []
            hops.append(Hop(*place_of(stop), None, decision.summary, decision.rules, not decision.passed))
    predicted, observed = ("allow" if ok else "deny" for ok in (passes, not failure))
    notes = [note for note in (failure, lost if failure else "", *complaints) if note]
    holds = str(exchange.verdict) == predicted == observed and not notes
    return Check(
        exchange.id,
        exchange.title,
        path_of(exchange.stops),
        Status.HOLDS if holds else Status.FAILS,
        str(exchange.verdict),
        exchange.verdict.why,
        predicted,
        observed,
        tuple(hops),
        "; ".join(notes),
        _seconds(talk, sightings),
    )


def _lost(tap: Tap, passed: _Passed, last: str, rule: Rule | None) -> str:
    """Where an exchange that failed came to its end: the first place that did not see it, or saw it broken."""
    if not passed.there:
        decided = f", where {rule} decided" if rule else ""
        return f"no packet reached {shown(tap)}; the last to have it was {last or 'nobody'}{decided}"
    if passed.broken:
        return f"TCP checksums are wrong at {shown(tap)}: somebody before it leaves them to an offload"
    return "" if passed.back else f"no answer came back to {shown(tap)}"


def _passed(tap: Tap, talk: Talk, sightings: Iterable[Sighting], vxlan_udp_port: int) -> _Passed:
    there = back = largest = fragments = broken = 0
    limit = talk.exchange.mtu_bytes
    for sighting, packet in _of_connection(tap, talk, sightings, vxlan_udp_port):
        there += packet.ports[0] == talk.port
        back += packet.ports[1] == talk.port
        fragments += packet.fragment
        broken += not (packet.checksum_ok or sighting.checksum_open or sighting.piece_bytes)
        limit = talk.exchange.mtu_bytes + (OVERLAY_BYTES if packet.outer else 0)
        whole = packet.outer_ip_bytes or packet.ip_bytes
        pieces = packet.headers_bytes + sighting.piece_bytes
        largest = max(largest, min(whole, pieces) if sighting.piece_bytes else whole)
    return _Passed(there, back, largest, limit, fragments, broken)


def _of_connection(
    tap: Tap, talk: Talk, sightings: Iterable[Sighting], vxlan_udp_port: int
) -> Iterator[tuple[Sighting, Packet]]:
    """What of the connection was seen at a tap. Masquerading keeps the client's port, so it is known by both ports."""
    ports = {talk.port, talk.exchange.server[1]}
    for sighting in sightings:
        if sighting.space == tap.space and sighting.device == tap.device:
            packet = decode(sighting.frame, vxlan_udp_port)
            if packet.kind == "TCP" and set(packet.ports) == ports:
                yield sighting, packet


def _seconds(talk: Talk, sightings: Iterable[Sighting]) -> float:
    """From the first to the last packet at the client."""
    first = talk.exchange.stops[0]
    if not isinstance(first, Tap):
        return 0.0
    times = [sighting.at_s for sighting, _ in _of_connection(first, talk, sightings, -1)]
    return round(max(times, default=0.0) - min(times, default=0.0), 4)


def asked(exchanges: Iterable[Exchange]) -> Iterator[Crossing]:
    """The switches on the ways."""
    for exchange in exchanges:
        yield from (stop for stop in exchange.stops if isinstance(stop, Crossing))
