"""The process behind `sdn.lab.answer`, and what it shall answer for."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterable, Mapping

from sdn.host.space import Spaces
from sdn.lab.journal import Journal
from sdn.lab.paths import LOGS
from sdn.lab.watch import Watch
from sdn.plan import Answer, Space


class Answers:
    """Which namespaces answer on which ports. Calls are serialised."""

    def __init__(self, spaces: Spaces, watch: Watch, journal: Journal) -> None:
        self._spaces, self._watch, self._journal = spaces, watch, journal
        self._wanted: dict[str, tuple[Answer, ...]] = {}
        self._lock = threading.RLock()
        self._start()

    def set(self, spaces: Iterable[Space]) -> None:
        """Exactly these namespaces answer, each on its ports, when this returns; refusals are in the journal."""
        with self._lock:
            wanted = {space.name: space.answers for space in spaces if space.answers}
            new = {name for name, answers in wanted.items() if self._wanted.get(name) != answers}
            self._send({name: wanted.get(name, ()) for name in [*(self._wanted.keys() - wanted.keys()), *sorted(new)]})
            self._wanted = wanted

    def forget(self, names: Iterable[str]) -> None:
        """The namespaces are about to go: nothing of ours may hold them."""
        with self._lock:
            self._send({name: () for name in names if self._wanted.pop(name, None)})

    def _send(self, wanted: Mapping[str, tuple[Answer, ...]]) -> None:
        requests = (
            {
                "space": space,
                "answers": [{"protocol": a.protocol, "port": a.port, "who": dict(a.who)} for a in answers],
            }
            for space, answers in wanted.items()
        )
        self._stdin.write("".join(json.dumps(request) + "\n" for request in requests).encode())
        self._stdin.flush()
        for _ in wanted:
            reply = json.loads(self._stdout.readline())
            for port, reason in reply["refused"].items():
                self._journal.say(reply["space"], f"port {port} does not answer: {reason}")

    def _start(self) -> None:
        command = [sys.executable, "-m", "sdn.lab.answer"]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=(LOGS / "answer.log").open("ab")
        )
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("no pipes")
        self._stdin, self._stdout = self._process.stdin, self._process.stdout
        self._watch.process(self._process, self._ended)

    def _ended(self) -> None:
        self._process.wait()
        self._journal.say("answers", "the process that answers for pods ended; started again")
        with self._lock:
            self._start()
            self._send(self._wanted)
