"""`sdn up`: the lab runs, every flow is in, every pod answers."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Any

import click

from sdn.cli.options import lab_option, output_option
from sdn.cli.progress import progress
from sdn.cli.table import count
from sdn.errors import InputError, LabError
from sdn.lab.find import Lab, claim, labs
from sdn.lab.preflight import check_machine, choose_datapath
from sdn.lab.start import Say, Starting


@click.command("up", short_help="Build a lab, or change the one that runs.")
@click.argument("files", nargs=-1, metavar="[FILE…]", type=click.Path())
@lab_option("What to call it; without it the name of its Cluster.")
@click.option(
    "--datapath",
    type=click.Choice(["auto", "kernel", "userspace"]),
    default="auto",
    show_default=True,
    help="Who forwards: the kernel's openvswitch module or ovs-vswitchd itself. auto: the kernel if it can.",
)
@output_option()
def command(files: tuple[str, ...], lab_name: str | None, datapath: str, output: str) -> None:
    """Build the lab that FILE… describe (`-` is standard input), or make the one that runs what they describe.

    The default is the two-node topology. When the command returns every rule is in force, every pod answers.

    \b
    Examples:
      sdn up
      sdn up topologies/multitenant.yaml
      sdn up -l dc1 topologies/two-node.yaml      two labs from one file, side by side
      sdn up -l dc2 topologies/two-node.yaml
    """
    began = time.monotonic()
    chosen = choose_datapath(datapath)
    check_machine()
    with ExitStack() as undo:
        starting = Starting()  # imports while we read
        undo.callback(starting.drop)
        documents, cluster = _read(files)
        name = cluster if lab_name is None else _label(lab_name)
        with claim():
            running = _running(name)
            if running is None:
                starting.adopt(name)
        with progress() as say:
            if running is None:
                starting.build(documents, chosen, say)
                starting.keep()
                undo.pop_all()
                made = 1
            else:
                made = _change(running, documents, datapath, say)
    _report(name, chosen, documents, time.monotonic() - began, running is not None, made, output)


def _read(files: Sequence[str]) -> tuple[Sequence[Mapping[str, Any]], str]:
    from sdn.manifest import load, read_sources
    from sdn.resources import topologies

    loaded = load(read_sources(files or [str(topologies() / "two-node.yaml")]))
    return loaded.documents, loaded.objects.cluster.name


def _label(name: str) -> str:
    """The name, which must be one that a Cluster may have."""
    from sdn.manifest.pod import LABEL, LABEL_WORDS

    if not LABEL.fullmatch(name):
        raise InputError(f"--lab: found {name!r}, expected {LABEL_WORDS}")
    return name


def _running(name: str) -> Lab | None:
    return next((lab for lab in labs() if lab.name == name and lab.uid == os.geteuid()), None)


def _change(lab: Lab, documents: Sequence[Mapping[str, Any]], datapath: str, say: Say) -> int:
    from sdn.api.client import Door, failure

    door = Door(lab)
    running_on = door.get("/sdn/v1/status")["datapath"]
    if datapath not in ("auto", running_on):
        raise InputError(f"lab {lab.name} runs on the {running_on} datapath: `sdn down -l {lab.name}` first")
    for event in door.stream("PUT", "/sdn/v1/objects", documents):
        if event["event"] == "progress":
            say(event["step"], event["done"], event["total"])
        elif event["event"] == "failed":
            raise failure(event["exit_code"], event["error"])
        else:
            return sum(int(event[what]) for what in ("made", "removed", "nodes", "answers"))
    raise LabError(f"lab {lab.name} ended while it was changed")


def _report(
    name: str,
    datapath: str,
    documents: Sequence[Mapping[str, Any]],
    seconds: float,
    again: bool,
    made: int,
    output: str,
) -> None:
    pods = sum(document["kind"] == "Pod" for document in documents)
    nodes = sum(len(document["spec"]["nodes"]) for document in documents if document["kind"] == "Cluster")
    if output == "json":
        words: dict[str, object] = {"name": name, "nodes": nodes, "pods": pods, "seconds": round(seconds, 3)}
        click.echo(json.dumps({**words, "changed": bool(made)} if again else {**words, "datapath": datapath}))
        return
    done = "is up" if not again else "is changed" if made else "is unchanged"
    how = f", {datapath} datapath" if not again else ""
    what = f"{count(nodes, 'node')}, {count(pods, 'pod')}"
    click.echo(f"{name} {done}: {what}, every rule in force{how} ({seconds:.2f} s)")
