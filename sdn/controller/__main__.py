"""The controller process: `python -m sdn.controller --listen PATH --control FD`.

It listens at once and imports afterwards: switches that come early wait in the socket's queue. It ends when the other
end of the control channel closes (status 0), and if it cannot take connections any more (status 1), so that whoever
started it starts it again. Threads that serve one switch are restarted here.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from sdn.controller.channel import Reports, messages

if TYPE_CHECKING:
    from sdn.controller.fleet import Fleet

BACKLOG = 512


class _ToReports(logging.Handler):
    """Sends what os-ken logs as an error to whoever listens, in one line."""

    def __init__(self, reports: Reports) -> None:
        super().__init__(logging.ERROR)
        self._reports = reports

    def emit(self, record: logging.LogRecord) -> None:
        """Report a record."""
        lines = record.getMessage().strip().splitlines()
        cause = f": {record.exc_info[1]!r}" if record.exc_info else ""
        self._reports.say("error", error=f"{record.name}: {lines[0]}{cause}" if lines else record.name)


def main() -> NoReturn:
    """Run until the control channel closes."""
    arguments = _arguments()
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    channel = socket.socket(fileno=arguments.control)
    reports = Reports(channel)
    listener = listen(arguments.listen)
    reports.say("ready")
    logging.getLogger().addHandler(_ToReports(reports))

    from sdn.controller.app import run
    from sdn.controller.fleet import Fleet

    def failed(error: BaseException) -> None:
        reports.say("error", error=f"takes no connections any more: {error!r}")
        reports.flush()
        os._exit(1)

    fleet = Fleet(reports)
    run(listener, fleet, failed)
    serve(channel, fleet, reports)
    # os-ken's threads do not end; nothing here needs them to
    os._exit(0)


def listen(path: Path) -> socket.socket:
    """A socket at `path`; one that a predecessor has left there is taken away."""
    with suppress(FileNotFoundError):
        path.unlink()
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen(BACKLOG)
    return listener


def serve(channel: socket.socket, fleet: Fleet, reports: Reports) -> None:
    """Obey every message of the control channel until it closes; one that cannot be obeyed is reported."""
    for message in messages(channel):
        try:
            if isinstance(message, ValueError):
                raise message
            fleet.obey(message)
        except ValueError as error:
            reports.say("error", error=f"control channel: {error}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sdn.controller", description="Keep the rules of switches true.")
    parser.add_argument("--listen", type=Path, required=True, metavar="PATH", help="Unix socket for the switches")
    parser.add_argument("--control", type=int, required=True, metavar="FD", help="open socket to the supervisor")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
