"""How long packets do not pass when a switch is killed, and how long the proof of a whole lab takes."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from itertools import pairwise
from time import perf_counter

from bench.figure import Figure, Row, alternate
from bench.labs import TOP, TWO_NODE, Lab
from bench.memory import processes

_STREAM = [sys.executable, str(TOP / "tests/chaos/stream.py")]  # a packet every millisecond
_PORT = "9000"
_SECONDS = 3.0


def outage(quick: bool) -> list[Row]:
    """From pod a to pod c, both on node1, whose ovs-vswitchd is killed."""
    with Lab(TWO_NODE) as lab:
        (gaps,) = alternate(1 if quick else 5, 0.0, lambda: _longest_gap_ms(lab))
    return [Row("killed ovs-vswitchd: outage", Figure("ms", tuple(gaps)))]


def verify(quick: bool) -> list[Row]:
    """The whole of `sdn verify` on two nodes."""
    with Lab(TWO_NODE) as lab:
        (seconds,) = alternate(1 if quick else 3, 0.0, lambda: _verify_s(lab))
    return [Row("two-node: verify", Figure("s", tuple(seconds)))]


def _longest_gap_ms(lab: Lab) -> float:
    receiver = lab.start("c", *_STREAM, "receive", _PORT, str(_SECONDS + 2.0))
    if receiver.stdout is None or receiver.stdout.readline() != "listening\n":
        raise RuntimeError("nobody receives")
    sender = lab.start("a", *_STREAM, "send", "10.248.0.3", _PORT, str(_SECONDS))
    time.sleep(_SECONDS / 3)
    os.kill(_vswitchd(lab, "node1"), signal.SIGKILL)
    sent = json.loads(sender.communicate()[0])["sent"]
    seen = json.loads(receiver.communicate()[0])["seen"]
    if not seen or seen[-1] != sent - 1:
        raise RuntimeError("the flow did not come back")
    return float(max(after - before - 1 for before, after in pairwise(seen)))


def _vswitchd(lab: Lab, node: str) -> int:
    for process in processes(lab.pid):
        words = (process / "cmdline").read_text().split("\0")
        if words[0] == "ovs-vswitchd" and f"/nodes/{node}/" in words[1]:
            return int(process.name)
    raise RuntimeError(f"{node} has no ovs-vswitchd")


def _verify_s(lab: Lab) -> float:
    began = perf_counter()
    lab.sdn("verify")
    return perf_counter() - began
