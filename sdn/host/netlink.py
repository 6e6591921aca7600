"""rtnetlink in batches: pyroute2's messages over a socket of our own.

pyroute2's own socket waits for each answer (0.7 ms a message, half of it its event loop) and belongs to the thread that
opened it. Here many messages go out together, from any thread, one at a time.
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Sequence

from pyroute2.netlink import NLM_F_ACK, NLM_F_REQUEST, nlmsg

_NETLINK_ROUTE = 0
_SOL_NETLINK = 270
_NETLINK_CAP_ACK = 10
_NLMSG_ERROR = 2
_BATCH = 64  # answers that surely fit the socket's receive buffer
_HEADER = struct.Struct("=IHHII")
_ERROR = struct.Struct("=i")
_ANSWERS_BYTES = 1 << 16


class Netlink:
    """An rtnetlink socket of the network namespace in which it is made."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, _NETLINK_ROUTE)
        self._socket.bind((0, 0))
        self._socket.setsockopt(_SOL_NETLINK, _NETLINK_CAP_ACK, 1)

    def close(self) -> None:
        """The socket is gone."""
        self._socket.close()

    def run(self, requests: Sequence[tuple[nlmsg, int, int, str]]) -> None:
        """The kernel has done every request (message, type, extra flags, what it is for), in order.

        Raises:
            OSError: the kernel refused one; says what it was for. Those after it in the same batch were tried too.
        """
        for start in range(0, len(requests), _BATCH):
            batch = requests[start : start + _BATCH]
            self._socket.send(b"".join(_encode(number, *request[:3]) for number, request in enumerate(batch)))
            self._answers(batch)

    def _answers(self, batch: Sequence[tuple[nlmsg, int, int, str]]) -> None:
        errors: list[OSError] = []
        awaited = len(batch)
        while awaited:
            answers = self._socket.recv(_ANSWERS_BYTES)
            offset = 0
            while offset < len(answers):
                length, kind, _, number, _ = _HEADER.unpack_from(answers, offset)
                if kind == _NLMSG_ERROR:
                    awaited -= 1
                    code = -_ERROR.unpack_from(answers, offset + _HEADER.size)[0]
                    if code:
                        errors.append(OSError(code, f"{batch[number][3]}: {os.strerror(code)}"))
                offset += (length + 3) & ~3
        if errors:
            raise errors[0]


def _encode(number: int, message: nlmsg, kind: int, flags: int) -> bytes:
    message["header"]["type"] = kind
    message["header"]["flags"] = NLM_F_REQUEST | NLM_F_ACK | flags
    message["header"]["sequence_number"] = number
    message.reset()
    message.encode()
    data: bytes = bytes(message.data)
    return data + b"\0" * (-len(data) % 4)
