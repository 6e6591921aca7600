"""Our labs, started and ended by the command that users run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from time import perf_counter
from typing import Any

TOP = Path(__file__).parents[1]
TWO_NODE = TOP / "topologies/two-node.yaml"
_SDN = str(Path(sys.executable).with_name("sdn"))


class Lab:
    """A lab of this run, up within the `with`. On the userspace datapath, as the peers are."""

    def __init__(self, topology: Path) -> None:
        self._topology = topology
        self.name = f"bench-{os.getpid()}"

    def __enter__(self) -> Lab:
        self.up()
        return self

    def __exit__(self, *_: object) -> None:
        self.down()

    def up(self) -> float:
        """The lab is up; seconds from the start of the command to its end."""
        return self._seconds("up", "--datapath", "userspace", str(self._topology))

    def down(self) -> float:
        """The lab is gone; seconds from the start of the command to its end."""
        return self._seconds("down")

    @property
    def pid(self) -> int:
        """Its process 1, as the machine sees it."""
        labs: list[dict[str, Any]] = json.loads(run(_SDN, "labs", "-o", "json"))["labs"]
        return next(int(lab["pid"]) for lab in labs if lab["name"] == self.name)

    def sdn(self, verb: str, *words: str) -> str:
        """What `sdn VERB` printed about this lab."""
        return run(_SDN, verb, "-l", self.name, *words)

    def start(self, target: str, *command: str) -> subprocess.Popen[str]:
        """The command, running in a pod."""
        words = [_SDN, "exec", "-l", self.name, target, "--", *command]
        return subprocess.Popen(words, stdout=subprocess.PIPE, text=True)

    def _seconds(self, verb: str, *words: str) -> float:
        began = perf_counter()
        self.sdn(verb, *words)
        return perf_counter() - began


def run(*command: str) -> str:
    """What the command printed.

    Raises:
        RuntimeError: it failed; with its words.
    """
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr or done.stdout}")
    return done.stdout


def topology(nodes: int, pods: int) -> str:
    """A topology of that many nodes with that many pods each, every pod with a port that answers."""
    cluster = {
        "apiVersion": "sdn/v1",
        "kind": "Cluster",
        "metadata": {"name": "bench"},
        "spec": {
            "clusterNetwork": [{"cidr": "10.128.0.0/14", "hostPrefix": 23}],
            "nodes": [{"name": f"node{n}", "ip": f"10.0.{n // 200}.{n % 200 + 10}"} for n in range(1, nodes + 1)],
        },
    }
    documents = [cluster, *(_pod(f"node{n}", p) for n in range(1, nodes + 1) for p in range(1, pods + 1))]
    return "---\n".join(json.dumps(document) + "\n" for document in documents)


def _pod(node: str, number: int) -> dict[str, Any]:
    container = {"name": "web", "image": "web", "ports": [{"containerPort": 8080}]}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": f"{node}-pod{number}"},
        "spec": {"nodeName": node, "containers": [container]},
    }
