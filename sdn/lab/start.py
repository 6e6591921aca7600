"""Starting a lab, from the host's side."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from sdn.errors import LabError, MachineError, SdnError
from sdn.host.isolate import Isolated, isolate
from sdn.lab.find import MODULE

Say = Callable[[str, int, int], None]


class Starting:
    """A lab that is coming up. It is gone with this process, whatever happens, until `keep` has returned.

    Made early: its imports run while the caller reads its files.
    """

    def __init__(self) -> None:
        self._isolated: Isolated = isolate([sys.executable, "-m", MODULE])
        self._lines = self._isolated.control.makefile("r")

    @property
    def pid(self) -> int:
        """The lab's process 1, as the host sees it."""
        return self._isolated.pid

    @property
    def shim(self) -> int:
        """The process between this one and the lab's process 1."""
        return self._isolated.shim

    def adopt(self, name: str) -> None:
        """The lab has a name, by which others find it."""
        self._send(op="adopt", name=name)
        self._expect("adopted")

    def build(self, documents: Sequence[Mapping[str, Any]], datapath: str, say: Say) -> None:
        """The lab is what the documents say: every flow in, every pod answering.

        Raises:
            SdnError: with the lab's own words; it is gone then.
        """
        self._send(op="build", documents=documents, datapath=datapath)
        self._expect("ready", say)

    def keep(self) -> None:
        """The lab stays when this process ends."""
        self._send(op="keep")
        self._expect("kept")
        os.kill(self._isolated.shim, signal.SIGKILL)
        os.waitpid(self._isolated.shim, 0)

    def drop(self) -> None:
        """The lab is gone."""
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._isolated.pidfd, signal.SIGKILL)
        os.waitpid(self._isolated.shim, 0)

    def _send(self, **request: object) -> None:
        with suppress(BrokenPipeError, ConnectionResetError):  # `_expect` says what became of it
            self._isolated.control.sendall(json.dumps(request).encode() + b"\n")

    def _expect(self, wanted: str, say: Say = lambda step, done, total: None) -> None:
        while True:
            try:
                line = self._lines.readline()
            except OSError:
                line = ""
            event: dict[str, Any] = json.loads(line) if line else {"event": "gone"}
            if event["event"] == wanted:
                return
            if event["event"] == "progress":
                say(event["step"], event["done"], event["total"])
            elif event["event"] == "failed":
                raise _error(event["exit_code"], event["error"])
            else:
                raise LabError("the lab's supervisor ended while it was starting")


def _error(exit_code: int, message: str) -> SdnError:
    error = MachineError(message) if exit_code == MachineError.exit_code else LabError(message)
    error.exit_code = exit_code
    return error
