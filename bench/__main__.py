"""The table: our figure, the peer's, and the ratio."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from bench import faults, flows, machine, start, tcp
from bench.figure import Figure, Row
from sdn.cli.table import print_table

MEASURES: Mapping[str, Callable[[bool], list[Row]]] = {
    "two-node": start.two_node,
    "twenty": start.twenty,
    "flows": flows.flows,
    "tcp": tcp.tcp,
    "outage": faults.outage,
    "verify": faults.verify,
}


def main() -> int:
    """Measure what was asked for and print it."""
    arguments = _arguments()
    if lacking := machine.missing():
        print("bench:", "; ".join(lacking), file=sys.stderr)
        return 3
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that labs are taken down
    head = machine.describe()
    rows, status = [], 0
    for name in arguments.names or MEASURES:
        print(f"bench: {name} …", file=sys.stderr)
        try:
            rows += MEASURES[name](arguments.quick)
        except RuntimeError as error:  # the other figures are still worth having
            print(f"bench: {name}: {error}", file=sys.stderr)
            status = 1
    if arguments.output == "json":
        print(json.dumps({"machine": head, "rows": [as_json(row) for row in rows]}, ensure_ascii=False))
    else:
        for what, words in head.items():
            print(f"{what + ':':8} {words}")
        print()
        print_table(["WHAT", "OURS", "PEER", "RATIO", "THE PEER IS"], [cells(row) for row in rows])
    return status


def cells(row: Row) -> Sequence[str]:
    """The row as words, median and lowest–highest."""
    ratio = "–" if row.ratio is None else f"{row.ratio:.2f}"
    return [row.what, str(row.ours), str(row.peer or "–"), ratio, row.peer_name]


def as_json(row: Row) -> dict[str, Any]:
    """The row with every sample."""
    return {
        "what": row.what,
        "ours": _figure(row.ours),
        "peer": row.peer and _figure(row.peer),
        "ratio": row.ratio,
        "peerIs": row.peer_name,
    }


def _figure(figure: Figure) -> dict[str, Any]:
    return {**asdict(figure), "median": figure.median}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench/run", description="Speed and size, each beside the peer's.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(MEASURES)}; all if none is named")
    parser.add_argument("--quick", action="store_true", help="one round or two: does it run, not how fast")
    parser.add_argument("-o", dest="output", choices=["json"], help="for machines, with every sample")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - MEASURES.keys():
        parser.error(f"no measure {', '.join(sorted(unknown))}; there are {', '.join(MEASURES)}")
    return arguments


if __name__ == "__main__":
    raise SystemExit(main())
