"""The control channel: one JSON object a line, in both directions, over a Unix socket."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from queue import Queue
from typing import Any


def messages(channel: socket.socket) -> Iterator[dict[str, Any] | ValueError]:
    """Every message that arrives, until the other end closes; a ValueError in the place of a line that is none."""
    with suppress(OSError), channel.makefile("rb") as lines:
        for line in lines:
            try:
                message = json.loads(line)
            except (ValueError, RecursionError) as error:
                yield ValueError(f"not JSON: {error}")
                continue
            yield message if isinstance(message, dict) else ValueError(f"not an object: {line[:80]!r}")


def encode(message: dict[str, Any]) -> bytes:
    """A message as it goes over the channel."""
    return json.dumps(message, separators=(",", ":")).encode() + b"\n"


class Reports:
    """Says what happens to whoever listens at the other end, from any thread, without ever waiting for him."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._queue: Queue[bytes] = Queue()
        threading.Thread(target=self._write, name="reports", daemon=True).start()

    def say(self, event: str, **fields: Any) -> None:
        """Report an event."""
        self._queue.put(encode({"event": event, **fields}))

    def flush(self) -> None:
        """Return once everything reported so far is on its way."""
        self._queue.join()

    def _write(self) -> None:
        while True:
            report = self._queue.get()
            # that nobody listens any more, whoever reads the channel finds out
            with suppress(OSError):
                self._channel.sendall(report)
            self._queue.task_done()
