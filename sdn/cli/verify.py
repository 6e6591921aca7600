"""`sdn verify`: every kind of path, proven with packets."""

from __future__ import annotations

import json
import sys
from io import StringIO
from typing import TYPE_CHECKING, Any

import click

from sdn.api.client import Door, failure
from sdn.cli.options import lab_option, output_option
from sdn.cli.progress import progress
from sdn.lab.find import find

if TYPE_CHECKING:
    from sdn.verify.result import Check

_LONGEST_LINE = 1000


@click.command("verify", short_help="Prove every kind of path with packets.")
@lab_option()
@click.option("-v", "--verbose", is_flag=True, help="Every hop and rule of every check, not only of those that failed.")
@output_option("junit")
def command(lab_name: str | None, verbose: bool, output: str) -> None:
    """Put real packets in at pods, nodes and hosts, and watch every hop.

    What was seen is held against the manifests and the switches' own trace; exit 1 if any two of the three disagree.

    \b
    Examples:
      sdn verify
      sdn verify -v
      sdn verify -o junit > verify.xml
    """
    door = Door(find(lab_name))
    checks: list[dict[str, Any]] = []
    with progress() as say:
        for event in door.stream("POST", "/sdn/v1/verify", {}):
            if event["event"] == "check":
                checks.append(event)
                say("checks", len(checks), 0)
            elif event["event"] == "failed":
                raise failure(1, event["error"])
    _print(checks, verbose, output)
    if not all(check["ok"] for check in checks):
        raise SystemExit(1)


def _print(checks: list[dict[str, Any]], verbose: bool, output: str) -> None:
    from sdn.verify.report import from_events, junit

    results = from_events(checks)
    if output == "json":
        click.echo(json.dumps({"checks": checks, "ok": all(check["ok"] for check in checks)}))
    elif output == "junit":
        click.echo(junit(results))
    else:
        _print_text(results, verbose)


def _print_text(results: list[Check], verbose: bool) -> None:
    from rich.console import Console

    from sdn.verify.report import render_text

    if sys.stdout.isatty():
        render_text(results, Console(highlight=False), verbose)
        return
    lines = StringIO()  # a file has no width: what is one line stays one, so that it can be grepped
    render_text(results, Console(highlight=False, file=lines, width=_LONGEST_LINE), verbose)
    for line in lines.getvalue().splitlines():
        click.echo(line.rstrip())
