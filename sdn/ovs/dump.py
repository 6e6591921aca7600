"""What a switch really has: its flows with their counters, and how they differ from what they should be."""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass

from sdn.errors import LabError
from sdn.ovs.daemon import environment, run_directory, run_tool

_LINE = re.compile(
    r"\s*cookie=(?P<cookie>0x[0-9a-f]+), duration=\S+ table=(?P<table>[^,]+), n_packets=(?P<packets>\d+), "
    r"n_bytes=(?P<bytes>\d+), (?:send_flow_rem )?(?:idle_age=\d+, )?(?:priority=(?P<priority>\d+),?)?(?P<rule>.*)"
)
_DEFAULT_PRIORITY = 32768


@dataclass(frozen=True)
class DumpedFlow:
    """A flow as the switch has it; `rule` is match and actions in ovs-ofctl's words, with table names."""

    table: str
    priority: int
    packets: int
    bytes: int
    cookie: int
    rule: str


def dump_flows(node: str) -> list[DumpedFlow]:
    """Every flow of the node's br0, in the order of the tables."""
    text = run_tool(["ovs-ofctl", "-O", "OpenFlow14", "--names", "dump-flows", _bridge(node)], env=environment(node))
    return list(_parse(text))


def _parse(text: str) -> Iterator[DumpedFlow]:
    for line in text.splitlines():
        if found := _LINE.match(line):
            yield DumpedFlow(
                table=found["table"].strip('"'),
                priority=int(found["priority"] or _DEFAULT_PRIORITY),
                packets=int(found["packets"]),
                bytes=int(found["bytes"]),
                cookie=int(found["cookie"], 16),
                rule=found["rule"].replace('"', "").strip(),
            )


def differences(node: str, wanted: str) -> list[str]:
    """How the node's br0 differs from `wanted` (ovs-ofctl text with table numbers): `-` has too much, `+` lacks.

    Raises:
        LabError: ovs-ofctl failed; with its words.
    """
    with tempfile.NamedTemporaryFile("w", suffix=".flows") as file:
        file.write(wanted)
        file.flush()
        command = ["ovs-ofctl", "-O", "OpenFlow14", "diff-flows", _bridge(node), file.name]
        done = subprocess.run(command, capture_output=True, text=True, env=environment(node), check=False)
    if done.returncode not in (0, 2):  # 2: they differ
        raise LabError(f"ovs-ofctl diff-flows failed ({done.returncode}): {done.stderr.strip()}")
    return done.stdout.splitlines()


def _bridge(node: str) -> str:
    return f"unix:{run_directory(node) / 'br0.mgmt'}"
