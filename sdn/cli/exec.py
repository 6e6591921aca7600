"""`sdn exec`: run a command in a pod, a node or a host."""

from __future__ import annotations

import click

from sdn.cli.options import lab_option
from sdn.lab.find import find
from sdn.lab.target import enter, environment, space_of


@click.command(
    "exec", short_help="Run a command in a pod, a node or a host.", context_settings={"ignore_unknown_options": True}
)
@click.argument("target", metavar="TARGET")
@click.argument("words", nargs=-1, required=True, metavar="-- CMD…", type=click.UNPROCESSED)
@lab_option()
def command(target: str, words: tuple[str, ...], lab_name: str | None) -> None:
    """Run CMD in TARGET's namespaces, on this machine's file system; its exit status is ours.

    TARGET is POD, NAMESPACE/POD, node/NAME or host/NAME.

    \b
    Examples:
      sdn exec a -- curl -s 10.248.4.2:8080
      sdn exec node/node1 -- ovs-vsctl show
      sdn exec host/www -- ip route
    """
    lab = find(lab_name)
    space = space_of(lab, target)
    enter(lab, space, words, environment(lab, space))
