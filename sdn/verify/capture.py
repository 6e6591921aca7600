"""Put frames in, and see every frame that passes, in many namespaces at once.

One packet socket for each namespace: it stands on all devices there, and stays in the namespace in which it was opened
(packet(7)). Closing one costs the kernel 12 ms, so there are no more than that. Each frame comes with the kernel's note
on offloads (PACKET_VNET_HDR): how large the pieces are that a card would send, and whether a checksum is still open.
"""

from __future__ import annotations

import os
import select
import socket
import struct
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from sdn.host import kernel
from sdn.host.space import NETNS

_SOL_PACKET, _PACKET_VNET_HDR, _ETH_P_ALL = 263, 15, 0x0003
_SO_RCVBUFFORCE = 33
_BUFFER_BYTES = 8 << 20
_NOTE = struct.Struct("=BBHHHH")  # flags, gso_type, hdr_len, gso_size, csum_start, csum_offset
_CHECKSUM_OPEN = 1
_LARGEST = 1 << 16
_AT_ONCE = 4096  # frames; no socket keeps the others waiting for ever


@dataclass(frozen=True)
class Sighting:
    """A frame seen on a device. `piece_bytes` is 0, or the payload of each piece that it will be cut into (TSO)."""

    space: str
    device: str
    frame: bytes
    at_s: float
    outgoing: bool
    piece_bytes: int
    checksum_open: bool


class Capture:
    """Open sockets in namespaces of the lab. Not to be shared between threads."""

    def __init__(self, spaces: Iterable[str]) -> None:
        self.sightings: list[Sighting] = []
        self._sockets: dict[str, socket.socket] = {}
        self._poll = select.epoll()
        self._names: dict[int, str] = {}
        for space in dict.fromkeys(spaces):
            with inside(space):
                self._open(space)

    def _open(self, space: str) -> None:
        sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW | socket.SOCK_NONBLOCK, socket.htons(_ETH_P_ALL))
        sock.setsockopt(_SOL_PACKET, _PACKET_VNET_HDR, 1)
        try:
            sock.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER_BYTES)
        except PermissionError:  # an ordinary user has what the machine allows
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)
        self._sockets[space] = sock
        self._names[sock.fileno()] = space
        self._poll.register(sock.fileno(), select.EPOLLIN)

    def put(self, space: str, device: str, frame: bytes) -> None:
        """Send a frame out of a device, as its owner would; OSError (EMSGSIZE) if it is too large for the device."""
        self._sockets[space].sendto(bytes(_NOTE.size) + frame, (device, 0))

    def watch(self, done: Callable[[], bool], timeout_s: float) -> bool:
        """Collect sightings until `done`, or for `timeout_s`; say whether it was done."""
        deadline = time.monotonic() + timeout_s
        while True:
            self._read_all()
            if done():
                self._read_all()  # what came while the others were read
                return True
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            self._poll.poll(left, 1)

    def _read_all(self) -> None:
        for fd, _ in self._poll.poll(0):
            self._read(self._names[fd])

    def _read(self, space: str) -> None:
        sock = self._sockets[space]
        for _ in range(_AT_ONCE):
            try:
                data, (device, _, packet_type, *_) = sock.recvfrom(_NOTE.size + _LARGEST)
            except BlockingIOError:
                return
            except OSError:  # a device of the namespace went down
                continue
            flags, _, _, piece, _, _ = _NOTE.unpack_from(data)
            outgoing = packet_type == socket.PACKET_OUTGOING
            frame = data[_NOTE.size :]
            opened = bool(flags & _CHECKSUM_OPEN)
            self.sightings.append(Sighting(space, device, frame, time.monotonic(), outgoing, piece, opened))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._poll.close()
        for sock in self._sockets.values():
            sock.close()


@contextmanager
def inside(space: str) -> Iterator[None]:
    """The calling thread is in a namespace of the lab; what it opens or starts there stays there."""
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    there = os.open(NETNS / space, os.O_RDONLY | os.O_CLOEXEC)
    try:
        kernel.setns(there, kernel.CLONE_NEWNET)
        yield
    finally:
        kernel.setns(home, kernel.CLONE_NEWNET)
        os.close(home)
        os.close(there)
