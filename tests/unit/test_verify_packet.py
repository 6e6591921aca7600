"""Frames are read as scapy writes them, and rubbish is called so."""

from __future__ import annotations

from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdn.verify import frames
from sdn.verify.packet import Outer, decode

A, B = IPv4Address("10.248.0.2"), IPv4Address("10.248.4.2")
N1, N2 = IPv4Address("10.252.7.20"), IPv4Address("10.252.7.21")
MACS = ("0a:58:0a:f8:00:02", "0a:58:0a:f8:04:02")
MARK = b"twelve bytes"
ADDRESSES = st.integers(1, (1 << 32) - 2).map(IPv4Address)


@given(source=ADDRESSES, destination=ADDRESSES, size=st.integers(64, 1500), reply=st.booleans())
def test_an_echo_is_read_as_it_was_built(source: IPv4Address, destination: IPv4Address, size: int, reply: bool) -> None:
    frame = frames.echo(MACS, source, destination, MARK, ip_bytes=size, reply=reply)
    packet = decode(frame)
    assert (packet.source, packet.destination, packet.ip_bytes) == (source, destination, size)
    assert packet.kind == ("echo reply" if reply else "echo request")
    assert (packet.outer, packet.fragment, packet.frame) == (None, False, frame)
    assert len(frame) == size + 14
    assert MARK in frame


@given(source=ADDRESSES, destination=ADDRESSES, vnid=st.integers(0, (1 << 24) - 1), port=st.integers(1, 65535))
def test_a_tunnel_is_opened(source: IPv4Address, destination: IPv4Address, vnid: int, port: int) -> None:
    inner = frames.echo(MACS, A, B, MARK)
    (frame,) = frames.vxlan(MACS, source, destination, vnid, inner, port)
    packet = decode(frame, port)
    assert packet.outer == Outer(source, destination, vnid)
    assert (packet.source, packet.destination, packet.kind) == (A, B, "echo request")
    assert packet.frame == inner
    assert packet.outer_ip_bytes == packet.ip_bytes + 50
    assert decode(frame, port ^ 1).kind == "UDP"


@given(ports=st.tuples(st.integers(1, 65535), st.integers(1, 65535)), spoiled=st.integers(0, 19))
def test_a_tcp_checksum_is_checked(ports: tuple[int, int], spoiled: int) -> None:
    frame = frames.syn(MACS, A, B, ports)
    packet = decode(frame)
    assert (packet.kind, packet.ports, packet.headers_bytes) == ("TCP", ports, 40)
    assert packet.checksum_ok
    at = 34 + spoiled
    wrong = frame[:at] + bytes([frame[at] ^ 0x10]) + frame[at + 1 :]
    assert not decode(wrong).checksum_ok


def test_fragments_are_seen_and_each_has_the_whole_mark() -> None:
    inner = frames.echo(MACS, A, B, MARK, ip_bytes=128)
    pieces = frames.vxlan_in_fragments(MACS, N1, N2, 7, inner, 4789)
    assert len(pieces) > 1
    assert all(decode(piece).fragment and decode(piece).kind == "UDP" for piece in pieces)
    assert all(MARK in piece for piece in pieces)


def test_arp_is_read() -> None:
    asked = decode(frames.who_has(MACS[0], A, B, MARK))
    assert (asked.kind, asked.source, asked.destination) == ("ARP request", A, B)
    told = decode(frames.is_at(MACS, B, A))
    assert (told.kind, told.source, told.destination) == ("ARP reply", B, A)


@given(st.binary(max_size=120), st.sampled_from([b"", b"\x08\x00\x45", b"\x08\x06", b"\x86\xdd"]))
def test_rubbish_is_never_a_traceback(data: bytes, kind: bytes) -> None:
    assert decode(bytes(12) + kind + data).kind


@pytest.mark.parametrize("cut", [13, 20, 33, 34, 41, 49, 57])
def test_a_frame_that_was_cut_off_is_unreadable(cut: int) -> None:
    (frame,) = frames.vxlan(MACS, N1, N2, 7, frames.echo(MACS, A, B, MARK), 4789)
    assert decode(frame[:cut]).source is None
