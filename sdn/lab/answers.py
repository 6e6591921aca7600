"""The process behind `sdn.lab.answer`, and what it shall answer for."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import BinaryIO

from sdn.errors import LabError
from sdn.lab.journal import Journal
from sdn.lab.keep import Keep
from sdn.lab.paths import LOGS
from sdn.lab.watch import Watch
from sdn.plan import Answer, Space

_AT_ONCE = 100  # requests that fit the pipe, and their replies the other one


class Answers:
    """Which namespaces answer on which ports. Calls are serialised."""

    def __init__(self, watch: Watch, journal: Journal) -> None:
        self._journal = journal
        self._wanted: dict[str, tuple[Answer, ...]] = {}
        self._lock = threading.RLock()
        keep = Keep(watch, journal, ("answers", "the process that answers for pods"), self._start, self._again)
        keep.watch(self._start())

    def set(self, spaces: Iterable[Space]) -> set[str]:
        """Exactly these namespaces answer, each on its ports, when this returns; those whose answers have changed.

        Raises:
            LabError: the process that answers ended meanwhile; its successor is told all the same.
        """
        with self._lock:
            old, self._wanted = self._wanted, {space.name: space.answers for space in spaces if space.answers}
            changed = {name for name in {*old, *self._wanted} if old.get(name) != self._wanted.get(name)}
            self._send({name: self._wanted.get(name, ()) for name in sorted(changed)})
            return changed

    def forget(self, names: Iterable[str]) -> None:
        """The namespaces are about to go: nothing of ours may hold them."""
        with self._lock:
            self._send({name: () for name in names if self._wanted.pop(name, None)})

    def _again(self) -> None:
        with self._lock:
            self._send(self._wanted)

    def _send(self, wanted: Mapping[str, tuple[Answer, ...]]) -> None:
        left = iter(wanted.items())
        while batch := list(islice(left, _AT_ONCE)):
            try:
                self._stdin.write("".join(_request(space, answers) for space, answers in batch).encode())
                self._stdin.flush()
                replies = [json.loads(self._stdout.readline()) for _ in batch]
            except (OSError, ValueError) as error:
                raise LabError("the process that answers for pods ended") from error
            for reply in replies:
                for port, reason in reply["refused"].items():
                    self._journal.say(reply["space"], f"port {port} does not answer: {reason}")

    def _start(self) -> subprocess.Popen[bytes]:
        with (LOGS / "answer.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "sdn.lab.answer"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log
            )
        with self._lock:
            self._stdin, self._stdout = _pipe(process.stdin), _pipe(process.stdout)
        return process


def _pipe(stream: object) -> BinaryIO:
    if stream is None:
        raise LabError("a process has no pipes")
    return stream  # type: ignore[return-value]


def _request(space: str, answers: Iterable[Answer]) -> str:
    wanted = [{"protocol": answer.protocol, "port": answer.port, "who": dict(answer.who)} for answer in answers]
    return json.dumps({"space": space, "answers": wanted}) + "\n"
