"""`sdn doctor`: what this machine can do."""

from __future__ import annotations

import json

import click

from sdn.cli.options import output_option
from sdn.lab.doctor import examine


@click.command("doctor", short_help="What this machine can do.")
@output_option()
def command(output: str) -> None:
    """Look at datapaths, rootless labs, capture and kernel features; for each thing missing, name what mends it.

    Exit 3 if a lab cannot run here.

    \b
    Examples:
      sdn doctor
      sdn doctor -o json
    """
    findings = examine()
    able = all(finding.ok for finding in findings if finding.needed)
    if output == "json":
        click.echo(json.dumps({"ok": able, "findings": [finding.as_json() for finding in findings]}))
    else:
        for finding in findings:
            mark, colour = ("ok", "green") if finding.ok else ("no", "red" if finding.needed else "yellow")
            click.secho(f"{mark:4}", fg=colour, nl=False)
            click.echo(f"{finding.what}: {finding.found}")
            if finding.remedy and not finding.ok:
                click.echo(f"      to mend it: {finding.remedy}")
        click.echo("a lab can run here" if able else "a lab cannot run here")
    if not able:
        raise SystemExit(3)
