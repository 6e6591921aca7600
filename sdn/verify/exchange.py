"""A real HTTP request by the kernel's own TCP, with bodies larger than the MTU in both directions.

What ping does not show, this does: checksums that an offload left open, packets larger than the MTU, fragments. Sizes
are those on the wire: of a packet that the kernel hands over whole (TSO), the size of its pieces counts.
"""

from __future__ import annotations

import hashlib
import http.client
import itertools
import json
import socket
import time
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
from sdn.verify.result import Check, Hop, Status
from sdn.verify.witness import note_of

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
    """An exchange that is going on: the client's port, and how it will end: why it failed ("" is not), and when."""

    exchange: Exchange
    port: int
    began_s: float
    end: Future[tuple[str, float]]

    def failure(self) -> str:
        """Why it did not succeed; empty if it did."""
        return self.end.result()[0]

    def seconds(self) -> float:
        """How long it took."""
        return round(self.end.result()[1] - self.began_s, 4)


def converse(exchanges: Iterable[Exchange], capture: Capture) -> list[Talk]:
    """Do all exchanges at the same time, watching; each has ended, well or not, when this returns."""
    with ThreadPoolExecutor(8, thread_name_prefix="exchange") as pool:
        talks = []
        for exchange in exchanges:
            with inside(exchange.space):
                sock = socket.socket()
            sock.settimeout(_PATIENCE_S)
            sock.bind((str(exchange.address), 0))
            port, began_s = sock.getsockname()[1], time.monotonic()
            talks.append(Talk(exchange, port, began_s, pool.submit(_attempt, exchange, sock)))
        capture.watch(lambda: all(talk.end.done() for talk in talks), len(talks) * 4 * _PATIENCE_S)
    return talks


def _attempt(exchange: Exchange, sock: socket.socket) -> tuple[str, float]:
    """Why the exchange did not succeed, empty if it did; and when it ended."""
    failure = ""
    with sock:
        try:
            sock.connect((str(exchange.server[0]), exchange.server[1]))
            failure = _talk(exchange, sock)
        except TimeoutError:
            failure = f"no answer within {_PATIENCE_S:g} s"
        except (OSError, http.client.HTTPException, ValueError, KeyError) as error:
            failure = f"{error!r}"
    return failure, time.monotonic()


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

    place: str
    there: int = 0
    back: int = 0
    largest: int = 0
    inner: int = 0  # of the largest, what the pod sent
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
        """What is wrong about sizes; empty if nothing is."""
        if self.fragments:
            return f"{self.place}: {self.fragments} fragments"
        if self.largest > self.limit:
            return f"{self.place}: a packet of {self.largest} bytes, {self.limit} at most"
        return ""


def _unseen(taps: Iterable[_Passed]) -> list[str]:
    """Where an exchange that succeeded should have been seen and was not."""
    return [f"{tap.place}: not seen in both directions" for tap in taps if not tap.seen]


def _ends(taps: Sequence[_Passed]) -> Iterator[str]:
    """Where an exchange that failed came to its end."""
    for before, after in itertools.pairwise(taps):
        if before.there and not after.there:
            yield f"the last to have its packets was {before.place}, none came to {after.place}"
        elif after.back and not before.back:
            yield f"the last to have the answers was {after.place}, none came back to {before.place}"
        elif before.inner != after.inner and before.there and after.there:
            larger, smaller = (before, after) if before.inner > after.inner else (after, before)
            yield f"packets of {larger.inner} bytes are seen at {larger.place} and not at {smaller.place}"
    broken = next((tap for tap in taps if tap.broken), None)
    if broken:
        yield f"TCP checksums are wrong at {broken.place}: somebody before it leaves them to an offload"


def judge(talk: Talk, decisions: Mapping[Stop, Decision], sightings: Sequence[Sighting], vxlan_udp_port: int) -> Check:
    """The check that an exchange was made for."""
    exchange, failure = talk.exchange, talk.failure()
    hops, complaints, taps = list[Hop](), list[str](), list[_Passed]()
    for stop in exchange.stops:
        if isinstance(stop, Tap):
            taps.append(passed := _passed(stop, talk, sightings, vxlan_udp_port))
            hops.append(Hop(*place_of(stop), passed.seen, str(passed)))
            complaints += [passed.wrong] if passed.wrong else []
        else:
            decision = decisions[stop]
            hops.append(Hop(*place_of(stop), None, decision.summary, decision.rules, not decision.passed))
            if decision.complaint or not decision.passed:
                decided = f" by {decision.rules[-1]}" if decision.rules else ""
                complaints.append(f"{shown(stop)}: {decision.complaint or decision.summary}{decided}")
    predicted = "deny" if any(hop.dropped for hop in hops) else "allow"
    observed = "deny" if failure else "allow"
    notes = [failure, *_ends(taps), *complaints] if failure else [*complaints, *_unseen(taps)]
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
        note_of(notes),
        talk.seconds(),
    )


def _passed(tap: Tap, talk: Talk, sightings: Iterable[Sighting], vxlan_udp_port: int) -> _Passed:
    there = back = largest = inner = fragments = broken = 0
    limit = talk.exchange.mtu_bytes
    here = [sighting for sighting in sightings if (sighting.space, sighting.device) == (tap.space, tap.device)]
    for sighting, packet in _of_connection(here, talk, vxlan_udp_port):
        there += packet.ports[0] == talk.port
        back += packet.ports[1] == talk.port
        fragments += packet.fragment
        broken += not (packet.checksum_ok or sighting.checksum_open or sighting.piece_bytes)
        limit = talk.exchange.mtu_bytes + (OVERLAY_BYTES if packet.outer else 0)
        size = packet.outer_ip_bytes or packet.ip_bytes
        if sighting.piece_bytes:
            size = min(size, packet.headers_bytes + sighting.piece_bytes)
        largest = max(largest, size)
        inner = max(inner, size - (OVERLAY_BYTES if packet.outer else 0))
    fragments += _outer_fragments(tap, here, vxlan_udp_port)
    return _Passed(shown(tap), there, back, largest, inner, limit, fragments, broken)


def _outer_fragments(tap: Tap, here: Iterable[Sighting], vxlan_udp_port: int) -> int:
    """Fragments between the two ends of the tunnel: what is in them cannot be told, but none may be there."""
    if tap.look is None or tap.look.outer is None:
        return 0
    ends = {tap.look.outer.source, tap.look.outer.destination}
    packets = (decode(sighting.frame, vxlan_udp_port) for sighting in here)
    return sum(packet.fragment and {packet.source, packet.destination} == ends for packet in packets)


def _of_connection(here: Iterable[Sighting], talk: Talk, vxlan_udp_port: int) -> Iterator[tuple[Sighting, Packet]]:
    """What of a place was of the connection. Masquerading keeps the client's port, so it is known by both ports."""
    ports = {talk.port, talk.exchange.server[1]}
    for sighting in here:
        packet = decode(sighting.frame, vxlan_udp_port)
        if packet.kind == "TCP" and set(packet.ports) == ports:
            yield sighting, packet


def asked(exchanges: Iterable[Exchange]) -> Iterator[Crossing]:
    """The switches on the ways."""
    for exchange in exchanges:
        yield from (stop for stop in exchange.stops if isinstance(stop, Crossing))
