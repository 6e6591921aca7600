"""Options that several verbs share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click
from click.shell_completion import CompletionItem

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def _running(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from sdn.lab.find import labs

    return [CompletionItem(lab.name) for lab in labs() if lab.name.startswith(incomplete)]


def lab_option(help_text: str = "The lab; without it SDN_LAB, else the only one that runs.") -> Decorator:
    """`-l/--lab NAME`."""
    return click.option(
        "-l", "--lab", "lab_name", envvar="SDN_LAB", metavar="NAME", help=help_text, shell_complete=_running
    )


def output_option(*formats: str) -> Decorator:
    """`-o/--output`, with `text` as the default."""
    choice = click.Choice(["text", "json", *formats])
    return click.option("-o", "--output", type=choice, default="text", show_default=True, help="How to print it.")
