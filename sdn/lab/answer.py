"""Pods answer: one process whose sockets stand in the namespaces of every pod and outside host.

    python -m sdn.lab.answer      reads {"space": …, "answers": [{protocol, port, who}, …]} lines, the complete list of
                                  one namespace; writes {"space": …, "refused": {"8080/TCP": "reason"}} once they stand

TCP answers HTTP (`GET /` says who answers and which client it saw; `GET /bytes/N` gives N bytes; `POST /` gives the
length and SHA-256 of what came), UDP the same text to any datagram, SCTP too where the kernel has it.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import socket
import sys
from typing import Any

from sdn.host import kernel
from sdn.host.space import NETNS

_SCTP = getattr(socket, "IPPROTO_SCTP", 132)
_KINDS = {
    "TCP": (socket.SOCK_STREAM, socket.IPPROTO_TCP),
    "UDP": (socket.SOCK_DGRAM, socket.IPPROTO_UDP),
    "SCTP": (socket.SOCK_STREAM, _SCTP),
}
_LARGEST = 64 << 20
_PATTERN = bytes(range(256)) * 256


def main() -> None:
    """Answer until standard input ends."""
    asyncio.run(_Answers().run())


class _Answers:
    def __init__(self) -> None:
        self._home = os.open("/proc/self/ns/net", os.O_RDONLY)
        self._standing: dict[str, list[Any]] = {}

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        lines = asyncio.StreamReader(limit=1 << 24)
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
        while line := await lines.readline():
            request = json.loads(line)
            refused = await self._set(request["space"], request["answers"])
            print(json.dumps({"space": request["space"], "refused": refused}), flush=True)

    async def _set(self, space: str, answers: list[dict[str, Any]]) -> dict[str, str]:
        for server in self._standing.pop(space, []):
            server.close()
        refused = {}
        self._standing[space] = standing = []
        for answer in answers:
            try:
                standing.append(await self._open(space, answer))
            except OSError as error:
                refused[f"{answer['port']}/{answer['protocol']}"] = str(error)
        return refused

    async def _open(self, space: str, answer: dict[str, Any]) -> Any:
        sock = self._socket(space, answer["protocol"], answer["port"])
        who = dict(answer["who"])
        if answer["protocol"] == "UDP":
            loop = asyncio.get_running_loop()
            return (await loop.create_datagram_endpoint(lambda: _Datagrams(who), sock=sock))[0]
        return await asyncio.start_server(lambda read, write: _serve(read, write, who), sock=sock)

    def _socket(self, space: str, protocol: str, port: int) -> socket.socket:
        """A socket stays in the namespace in which it was made."""
        kind, number = _KINDS[protocol]
        fd = os.open(NETNS / space, os.O_RDONLY)
        try:
            kernel.setns(fd, kernel.CLONE_NEWNET)
            sock = socket.socket(socket.AF_INET, kind, number)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind(("0.0.0.0", port))
            if kind == socket.SOCK_STREAM:
                sock.listen(128)
            sock.setblocking(False)
            return sock
        finally:
            kernel.setns(self._home, kernel.CLONE_NEWNET)
            os.close(fd)


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, who: dict[str, str]) -> None:
        self._who = who

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._transport.sendto(_text(self._who, addr), addr)  # type: ignore[attr-defined]


def _text(who: dict[str, str], client: tuple[str, int], **more: object) -> bytes:
    return json.dumps({**who, "client": client[0], **more}).encode() + b"\n"


async def _serve(read: asyncio.StreamReader, write: asyncio.StreamWriter, who: dict[str, str]) -> None:
    try:
        while await _request(read, write, who):
            await write.drain()
    except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
        pass  # the client went away, or does not speak HTTP
    finally:
        write.close()


async def _request(read: asyncio.StreamReader, write: asyncio.StreamWriter, who: dict[str, str]) -> bool:
    head = (await read.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, path, _version = head[0].split(" ", 2)
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
    client = write.get_extra_info("peername")
    length, digest = await _body(read, int(headers.get("content-length", "0")))
    if method == "POST":
        body = [_text(who, client, length=length, sha256=digest)]
    elif path.startswith("/bytes/"):
        body = _bytes(min(int(path.removeprefix("/bytes/")), _LARGEST))
    else:
        body = [_text(who, client)]
    kept = headers.get("connection", "").lower() != "close"
    write.write(
        f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {sum(map(len, body))}\r\n"
        f"Connection: {'keep-alive' if kept else 'close'}\r\n\r\n".encode()
    )
    for part in body if method != "HEAD" else []:
        write.write(part)
        await write.drain()
    return kept


async def _body(read: asyncio.StreamReader, length: int) -> tuple[int, str]:
    digest, left = hashlib.sha256(), length
    while left > 0:
        part = await read.readexactly(min(left, 1 << 16))
        digest.update(part)
        left -= len(part)
    return length, digest.hexdigest()


def _bytes(length: int) -> list[bytes]:
    whole, rest = divmod(length, len(_PATTERN))
    return [_PATTERN] * whole + [_PATTERN[:rest]]


if __name__ == "__main__":
    main()
