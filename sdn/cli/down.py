"""`sdn down`: the lab is gone, and so is all it made."""

from __future__ import annotations

import os
import time

import click
from click.core import ParameterSource

from sdn.cli.options import lab_option
from sdn.lab.find import find, labs


@click.command("down", short_help="End a lab and all that it made.")
@lab_option()
@click.option("--all", "everything", is_flag=True, help="Every lab of yours.")
def command(lab_name: str | None, everything: bool) -> None:
    """End a lab: its processes, its namespaces, everything in them.

    \b
    Examples:
      sdn down
      sdn down -l dc1
      sdn down --all
    """
    given = click.get_current_context().get_parameter_source("lab_name")
    if everything and given is ParameterSource.COMMANDLINE:
        raise click.UsageError("name one lab with -l, or all of yours with --all")
    began = time.monotonic()
    targets = [lab for lab in labs() if lab.uid == os.geteuid()] if everything else [find(lab_name)]
    for lab in targets:
        lab.stop()
    for lab in targets:
        click.echo(f"{lab.name} is down ({time.monotonic() - began:.2f} s)")
    if not targets:
        click.echo("no lab was running")
