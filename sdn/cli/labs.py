"""`sdn labs`: which labs run."""

from __future__ import annotations

import json
from pathlib import Path

import click

from sdn.cli.options import output_option
from sdn.cli.table import print_table
from sdn.lab.find import Lab, labs


@click.command("labs", short_help="Which labs run.")
@output_option()
def command(output: str) -> None:
    """List the labs that run: yours, or everybody's for root.

    \b
    Examples:
      sdn labs
      sdn labs -o json
    """
    rows = [
        {"name": lab.name, "pid": lab.pid, "user": lab.uid, "memoryMB": round(_memory_mb(lab), 1)} for lab in labs()
    ]
    if output == "json":
        click.echo(json.dumps({"labs": rows}))
        return
    print_table(["NAME", "PID", "USER", "MEMORY MB"], [[str(value) for value in row.values()] for row in rows])


def _memory_mb(lab: Lab) -> float:
    """Memory of all processes of the lab, shared pages divided among those who share them (PSS)."""
    namespace = Path(f"/proc/{lab.pid}/ns/pid").stat().st_ino
    total_kb = 0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "ns/pid").stat().st_ino == namespace:
                lines = (process / "smaps_rollup").read_text().splitlines()
                total_kb += next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
        except (OSError, StopIteration):
            continue  # it ended meanwhile, or is somebody else's
    return total_kb / 1024
