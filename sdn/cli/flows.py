"""`sdn flows`: a node's rules by table name, with their origin."""

from __future__ import annotations

import json
from itertools import groupby
from typing import Any
from urllib.parse import quote

import click

from sdn.api.client import Door
from sdn.cli.options import lab_option, output_option
from sdn.lab.find import find


@click.command("flows", short_help="A node's rules by table, with their origin.")
@click.argument("node", metavar="NODE")
@lab_option()
@click.option("--desired", is_flag=True, help="What the switch should have, instead of what it has.")
@click.option("--diff", is_flag=True, help="How the two differ; exit 1 if they do.")
@output_option()
def command(node: str, lab_name: str | None, desired: bool, diff: bool, output: str) -> None:
    """Show the rules of a node's switch: table, packets so far, rule, and where it comes from.

    \b
    Examples:
      sdn flows node1
      sdn flows node1 --desired
      sdn flows node1 --diff
    """
    door = Door(find(lab_name))
    flows = door.get(f"/sdn/v1/flows/{quote(node.removeprefix('node/'), safe='')}")
    if diff:
        _print_difference(flows, output)
    elif output == "json":
        click.echo(json.dumps(flows))
    elif desired:
        for line in flows["desired"]:
            click.echo(line)
    else:
        _print(flows["actual"])


def _print_difference(flows: dict[str, Any], output: str) -> None:
    difference = flows["difference"]
    if output == "json":
        click.echo(json.dumps({"node": flows["node"], "difference": difference}))
    else:
        click.echo("\n".join(difference) or f"{flows['node']}: the switch has exactly what it should")
    if difference:
        raise SystemExit(1)


def _print(flows: list[dict[str, Any]]) -> None:
    for table, rules in groupby(flows, key=lambda flow: flow["table"]):
        click.secho(table, bold=True)
        for rule in rules:
            click.echo(f"  {rule['packets']:>8} {rule['priority']:>5} {rule['rule']}  ", nl=False)
            click.secho(rule["origin"], dim=True)
