"""A lab up, its memory, and down, beside a Mininet network of as many switches and hosts.

Mininet's network is smaller than ours: all its switches are bridges of one daemon that already runs, there are no
tunnels, no rules and no controller, and nobody has looked whether a host answers.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from bench import mininet
from bench.enclosure import Enclosure
from bench.figure import Figure, Row, alternate
from bench.labs import TWO_NODE, Lab, topology
from bench.memory import memory_mb
from bench.mininet import Mininet


def two_node(quick: bool) -> list[Row]:
    """Two nodes with two pods each; linear,2 has one host a switch."""
    return _rows("two-node", TWO_NODE, "linear,2", 2 if quick else 7, pause_s=1.0)


def twenty(quick: bool) -> list[Row]:
    """Twenty nodes with ten pods each."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "twenty.yaml")
        file.write_text(topology(20, 10))
        return _rows("20 × 10", file, "linear,20,10", 1 if quick else 3, pause_s=3.0)


def _rows(what: str, file: Path, peer_topology: str, rounds: int, pause_s: float) -> list[Row]:
    with Enclosure() as enclosure:
        peer = Mininet(enclosure, peer_topology)
        ours, theirs, whole = alternate(
            rounds, pause_s, lambda: _up_memory_down(file), peer.up_memory_down, lambda: (peer.whole(),)
        )
    up, memory, down = zip(*ours, strict=True)
    peer_up, peer_memory, peer_down = zip(*theirs, strict=True)
    both = tuple(up_s + down_s for up_s, down_s in zip(up, down, strict=True))
    name = f"{mininet.NAME} {peer_topology}"
    return [
        Row(f"{what}: up + down", Figure("s", both), Figure("s", tuple(s for (s,) in whole)), f"{name} --test none"),
        Row(f"{what}: up", Figure("s", up), Figure("s", peer_up), name),
        Row(f"{what}: down", Figure("s", down), Figure("s", peer_down), name),
        Row(f"{what}: memory", Figure("MB", memory), Figure("MB", peer_memory), name),
    ]


def _up_memory_down(file: Path) -> tuple[float, float, float]:
    lab = Lab(file)
    up_s = lab.up()
    try:
        memory = memory_mb(lab.pid)
    finally:
        down_s = lab.down()
    return up_s, memory, down_s
