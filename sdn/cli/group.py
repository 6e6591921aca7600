"""The verbs. Each is a file of its own and is imported when it is asked for."""

from __future__ import annotations

from importlib import import_module

import click

_VERBS = {
    "up": "Build a lab, or change the one that runs",
    "down": "End a lab and all that it made",
    "labs": "Which labs run",
    "status": "Nodes, pods and addresses of a lab",
    "doctor": "What this machine can do, and what mends what it cannot",
    "check": "Whether topologies and manifests are right; nothing runs",
    "exec": "Run a command in a pod, a node or a host",
    "shell": "A shell in a pod, a node, a host, or the lab itself",
    "verify": "Prove every kind of path with packets, hop by hop",
    "flows": "A node's rules by table, with their origin",
    "render": "The rules that a file means, without running anything",
}
_EXAMPLES = """
\b
Examples:
  sdn up                              the two-node lab, in about a second
  sdn verify                          prove it, packet by packet
  sdn exec a -- curl -s 10.248.4.2:8080
  sdn flows node1                     the rules of a node's switch
  sdn down

\b
Exit status: 0 as asked, 1 a check did not hold, 2 the input or the usage is wrong, 3 the machine lacks something.
Completion: eval "$(_SDN_COMPLETE=bash_source sdn)"   (also zsh_source, fish_source)
"""


class _Verbs(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_VERBS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in _VERBS:
            return None
        command = import_module(f"sdn.cli.{name}").command
        if not isinstance(command, click.Command):
            raise TypeError(f"sdn.cli.{name}.command is no command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Verbs"):
            formatter.write_dl(list(_VERBS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            import difflib

            near = difflib.get_close_matches(args[0], _VERBS, 1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise click.UsageError(f"No verb {args[0]!r}.{hint}", ctx) from error


@click.group(
    cls=_Verbs, subcommand_metavar="VERB …", epilog=_EXAMPLES, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(package_name="sdn", prog_name="sdn")
def group() -> None:
    """A whole Kubernetes/OpenShift cluster network on this machine."""
