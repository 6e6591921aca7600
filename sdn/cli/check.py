"""`sdn check`: whether the input is right; nothing runs."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from sdn.cli.options import output_option
from sdn.cli.table import count
from sdn.errors import InputError, ManifestError


@click.command("check", short_help="Whether topologies and manifests are right.")
@click.argument("files", nargs=-1, metavar="FILE…", type=click.Path())
@click.option("--schema", is_flag=True, help="Print the JSON schema of the Cluster document, for editors.")
@output_option()
def command(files: tuple[str, ...], schema: bool, output: str) -> None:
    """Read the files as `sdn up` would, work out every rule, and start nothing.

    Each fault is named as file:line:column, field, what was found and what is expected.

    \b
    Examples:
      sdn check topologies/two-node.yaml
      sdn check *.yaml -o json
      sdn check --schema > cluster.schema.json
    """
    from sdn.manifest import load, read_sources, schema_for_editors

    if schema:
        click.echo(json.dumps(schema_for_editors(), indent=2))
        return
    if not files:
        raise InputError("name at least one FILE, or - for standard input")
    try:
        objects = load(read_sources(files)).objects
    except ManifestError as error:
        if output != "json":
            raise
        click.echo(json.dumps({"ok": False, "faults": [asdict(fault) for fault in error.faults]}))
        raise SystemExit(error.exit_code) from error
    from sdn.pipeline import load_tables, render
    from sdn.plan import plan

    tables = load_tables()
    nodes = plan(objects).nodes
    rules = sum(len(render(tables, node.flow_names())) for node in nodes)
    if output == "json":
        click.echo(
            json.dumps({"ok": True, "nodes": len(nodes), "pods": len(objects.pods), "rules": rules, "faults": []})
        )
    else:
        sizes = f"{count(len(nodes), 'node')}, {count(len(objects.pods), 'pod')}, {count(rules, 'rule')}"
        click.echo(f"{objects.cluster.name}: {sizes}: right")
