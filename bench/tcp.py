"""TCP between two pods, beside two pods on bare bridges of the same datapath with the same offload settings."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable

from bench import bare
from bench.enclosure import Enclosure
from bench.figure import Figure, Row, alternate
from bench.labs import TWO_NODE, Lab

Start = Callable[..., subprocess.Popen[str]]


def tcp(quick: bool) -> list[Row]:
    """On one node, and from one node to the other."""
    seconds, rounds = (1, 1) if quick else (5, 3)
    with Lab(TWO_NODE) as lab, Enclosure() as enclosure:
        bare.same_node(enclosure)
        bare.two_nodes(enclosure)

        def bare_pod(pod: str, *command: str) -> subprocess.Popen[str]:
            return enclosure.start(*command, netns=pod)

        same, same_bare, across, across_bare = alternate(
            rounds,
            0.5,
            lambda: _gbit_s(lab.start, "a", "c", "10.248.0.3", seconds),
            lambda: _gbit_s(bare_pod, "a", "c", "10.0.0.3", seconds),
            lambda: _gbit_s(lab.start, "a", "b", "10.248.4.2", seconds),
            lambda: _gbit_s(bare_pod, "d", "b", "10.0.1.3", seconds),
        )
    return [
        Row("TCP on one node", _figure(same), _figure(same_bare), "bare bridge"),
        Row("TCP across nodes", _figure(across), _figure(across_bare), "two bare bridges, VXLAN"),
    ]


def _figure(samples: list[float]) -> Figure:
    return Figure("Gbit/s", tuple(samples))


def _gbit_s(start: Start, client: str, server: str, address: str, seconds: int) -> float:
    """What one stream brought from client to server, after the first second, in which TCP finds its pace."""
    listening = start(server, "iperf3", "--server", "--one-off", "--forceflush")
    if listening.stdout is None:
        raise RuntimeError("no pipe")
    while "listening" not in (line := listening.stdout.readline()):
        if not line:
            raise RuntimeError("iperf3 does not listen")
    sending = start(client, "iperf3", "--client", address, "--time", str(seconds), "--omit", "1", "--json")
    report = json.loads(sending.communicate()[0])
    listening.communicate()
    if "error" in report:
        raise RuntimeError(f"iperf3 {client} → {server}: {report['error']}")
    return float(report["end"]["sum_received"]["bits_per_second"]) / 1e9
