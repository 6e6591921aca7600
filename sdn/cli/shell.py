"""`sdn shell`: a shell in a pod, a node, a host, or the lab itself."""

from __future__ import annotations

import os
from pathlib import Path

import click

from sdn.cli.options import lab_option
from sdn.lab.find import find
from sdn.lab.target import enter, environment, space_of


@click.command("shell", short_help="A shell in a pod, a node, a host, or the lab itself.")
@click.argument("target", required=False, metavar="[TARGET]")
@lab_option()
def command(target: str | None, lab_name: str | None) -> None:
    """Open a shell; without TARGET in the lab itself, where `ip netns`, `ovs-vsctl` and the rest work.

    \b
    Examples:
      sdn shell
      sdn shell node/node1
      sdn shell shop/web
    """
    lab = find(lab_name)
    space = space_of(lab, target) if target else None
    shell = os.environ.get("SHELL", "/bin/sh")
    quiet = {"bash": ["--norc"], "zsh": ["-f"]}.get(Path(shell).name, [])
    enter(lab, space, [shell, *quiet], environment(lab, space))
