"""Running labs for tests, by the command that users run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

TOPOLOGIES = Path(__file__).parents[2] / "topologies"
MARK = "SDN_TEST_MARK"


def sdn(*words: str, stdin: str | None = None, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command; the caller looks at its status."""
    command = [sys.executable, "-m", "sdn.cli", *words]
    return subprocess.run(
        command, input=stdin, capture_output=True, text=True, env={**os.environ, **(env or {})}, check=False
    )


@dataclass
class RunningLab:
    """A lab that a test started; `mark` is in the environment of every process of it."""

    name: str
    mark: str = field(default_factory=lambda: uuid.uuid4().hex)

    def __call__(self, verb: str, *words: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        return sdn(verb, "-l", self.name, *words, stdin=stdin, env={MARK: self.mark})

    def ok(self, verb: str, *words: str, stdin: str | None = None) -> str:
        """What the verb printed; the test fails with its words if it failed."""
        done = self(verb, *words, stdin=stdin)
        assert done.returncode == 0, f"sdn {verb} {words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def json(self, verb: str, *words: str) -> Any:
        """What the verb printed, with `-o json`."""
        return json.loads(self.ok(verb, "-o", "json", *words))

    def http(self, target: str, url: str, *options: str) -> dict[str, Any]:
        """What a server answered to `target`, read as JSON."""
        answer: dict[str, Any] = json.loads(self.ok("exec", target, "--", "curl", "-sS", "-m", "5", *options, url))
        return answer

    def processes(self) -> list[int]:
        """Every process of the lab, as the host sees them."""
        return processes(self.mark)


def processes(mark: str) -> list[int]:
    """The processes with that mark in their environment."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if f"{MARK}={mark}".encode() in (entry / "environ").read_bytes().split(b"\0"):
                found.append(int(entry.name))
        except OSError:
            continue  # it ended meanwhile
    return found


@contextmanager
def running(topology: str | Path, *options: str, name: str | None = None) -> Iterator[RunningLab]:
    """A lab from a topology (a file of topologies/, or a path), gone at the end."""
    lab = RunningLab(name or f"test-{uuid.uuid4().hex[:8]}")
    path = topology if isinstance(topology, Path) else TOPOLOGIES / topology
    lab.ok("up", str(path), *options)
    try:
        yield lab
    finally:
        lab("down")
