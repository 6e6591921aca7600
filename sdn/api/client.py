"""A client of a lab's door, for the command line and the tests."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sdn.errors import LabError, SdnError
from sdn.lab.find import Lab


class Door:
    """The HTTP interface of a running lab, reached by its Unix socket."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab

    def get(self, path: str) -> Any:
        """The JSON value at `path`.

        Raises:
            SdnError: with the lab's words.
        """
        with _Connection(self._lab) as connection, self._or_gone():
            connection.request("GET", path)
            return _checked(connection.getresponse())

    def stream(self, method: str, path: str, body: object) -> Iterator[dict[str, Any]]:
        """The events that the lab answers with, one JSON object at a time, as they come."""
        with _Connection(self._lab) as connection, self._or_gone():
            connection.request(method, path, json.dumps(body), {"Content-Type": "application/json"})
            response = connection.getresponse()
            if response.status != 200:
                _checked(response)
            for line in response:
                yield json.loads(line)

    @contextmanager
    def _or_gone(self) -> Iterator[None]:
        try:
            yield
        except (OSError, http.client.HTTPException) as error:
            raise LabError(f"lab {self._lab.name} ended while it was asked") from error


class _Connection(http.client.HTTPConnection):
    def __init__(self, lab: Lab) -> None:
        super().__init__("localhost")
        self._lab = lab

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        try:
            self.sock.connect(str(self._lab.door))
        except OSError as error:
            why = "it is still coming up" if isinstance(error, FileNotFoundError) else error.strerror
            raise LabError(f"lab {self._lab.name} does not answer: {why}") from error

    def __enter__(self) -> _Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _checked(response: http.client.HTTPResponse) -> Any:
    body = response.read()
    try:
        value = json.loads(body)
    except ValueError as error:
        raise LabError(f"the lab answered {response.status}: {body.decode(errors='replace')}") from error
    if response.status == 200:
        return value
    raise failure(value.get("exitCode", 1), value.get("error", response.reason))


def failure(exit_code: int, words: str) -> SdnError:
    """The lab's error, as one of ours."""
    error = LabError(words)
    error.exit_code = exit_code
    return error
