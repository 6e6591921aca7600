"""The other end of the controller: what the supervisor says to it, and hears from it."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any

from sdn.controller.channel import encode, messages

LOG = logging.getLogger(__name__)


class ControllerClient:
    """Speaks to one controller process over the socket that it was given. Safe to use from any thread.

    `on_event` is called for every event, in the order in which they happened, in a thread of its own. What is said to
    a controller that has ended is lost without an error; its successor has to be told everything anew.
    """

    def __init__(self, channel: socket.socket, on_event: Callable[[Mapping[str, Any]], None]) -> None:
        self._channel = channel
        self._on_event = on_event
        self._sending = threading.Lock()
        threading.Thread(target=self._listen, name="controller-events", daemon=True).start()

    def tables(self, names: Mapping[str, int]) -> None:
        """The tables are called so in all rules that follow."""
        self._send({"op": "tables", "tables": dict(names)})

    def desire(self, datapath: int, name: str, generation: int, lines: Iterable[str]) -> None:
        """The switch shall have these rules and no others; "in-force" or "refused" of that generation answers.

        A list with a lower generation than the last is ignored.
        """
        fields = {"datapath": datapath, "name": name, "generation": generation, "lines": list(lines)}
        self._send({"op": "desire", **fields})

    def forget(self, datapath: int) -> None:
        """The switch is nobody's any more: its rules are left alone."""
        self._send({"op": "forget", "datapath": datapath})

    def status(self) -> None:
        """Ask how every switch stands; a "status" event answers."""
        self._send({"op": "status"})

    def close(self) -> None:
        """Nothing more is said or heard; the controller ends, if it has not."""
        with suppress(OSError):
            self._channel.shutdown(socket.SHUT_RDWR)
        self._channel.close()

    def _send(self, message: dict[str, Any]) -> None:
        with self._sending, suppress(OSError):
            self._channel.sendall(encode(message))

    def _listen(self) -> None:
        for event in messages(self._channel):
            if isinstance(event, ValueError):
                LOG.error("the controller says what cannot be read: %s", event)
                continue
            try:
                self._on_event(event)
            except Exception:
                LOG.exception("an event of the controller was not handled: %s", event)
