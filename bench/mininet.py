"""Mininet, as its users start it: `mn` with the userspace datapath, beside a switch daemon that already runs."""

from __future__ import annotations

import subprocess
from time import perf_counter

from bench.enclosure import Enclosure, switch_environment
from bench.memory import memory_mb

NAME = "Mininet"
_DIRECTORY = "/run/openvswitch"
_READY = "bench-ready"


class Mininet:
    """An enclosure in which `mn` can be run again and again."""

    def __init__(self, enclosure: Enclosure, topology: str) -> None:
        self._enclosure = enclosure
        self._command = ["mn", "--topo", topology, "--switch", "ovs,datapath=user", "--controller", "none"]
        enclosure.start_switch(_DIRECTORY)

    def whole(self) -> float:
        """Seconds of a process that builds the network, does nothing with it, and takes it down."""
        began = perf_counter()
        self._enclosure.run(*self._command, "--test", "none", env=switch_environment(_DIRECTORY))
        return perf_counter() - began

    def up_memory_down(self) -> tuple[float, float, float]:
        """Seconds until its prompt answers, MB of all processes then, seconds from `exit` to the end of the process."""
        began = perf_counter()
        process = self._enclosure.start(*self._command)
        try:
            _await_prompt(process)
            up_s = perf_counter() - began
            memory = memory_mb(self._enclosure.pid)
            began = perf_counter()
            process.communicate("exit\n")
            return up_s, memory, perf_counter() - began
        finally:
            process.kill()


def _await_prompt(process: subprocess.Popen[str]) -> None:
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("no pipes")
    process.stdin.write(f"py {_READY!r}\n")
    process.stdin.flush()
    said = []
    for line in process.stdout:
        said.append(line)
        if _READY in line:
            return
    raise RuntimeError(f"mn ended before it was up:\n{''.join(said)}")
