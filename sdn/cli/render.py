"""`sdn render`: the rules that a file means, without running anything."""

from __future__ import annotations

import json

import click

from sdn.cli.options import output_option
from sdn.errors import InputError


@click.command("render", short_help="The rules that a file means.")
@click.argument("files", nargs=-1, required=True, metavar="FILE…", type=click.Path())
@click.option("--node", "node_name", required=True, metavar="NODE", help="Whose rules.")
@click.option("--numbers", is_flag=True, help="Table numbers instead of names: what `ovs-ofctl add-flows` reads.")
@output_option()
def command(files: tuple[str, ...], node_name: str, numbers: bool, output: str) -> None:
    """Print the rules of one node's switch; needs no root and no lab.

    \b
    Examples:
      sdn render topologies/two-node.yaml --node node1
      sdn render topologies/two-node.yaml --node node1 --numbers | ovs-ofctl -O OpenFlow14 parse-flows -
    """
    from sdn.manifest import load, read_sources
    from sdn.pipeline import load_tables, ofctl_text, render
    from sdn.plan import plan

    nodes = {node.name: node for node in plan(load(read_sources(files)).objects).nodes}
    if node_name not in nodes:
        raise InputError(f"--node: found {node_name}, expected one of {', '.join(nodes)}")
    tables = load_tables()
    node = nodes[node_name]
    flows = render(tables, node.flow_names(), node.refs())
    if output == "json":
        rules = [{"table": f.table, "priority": f.priority, "rule": f.line, "origin": str(f.origin)} for f in flows]
        click.echo(json.dumps({"node": node_name, "rules": rules}))
    elif numbers:
        click.echo(ofctl_text(flows, tables), nl=False)
    else:
        for flow in flows:
            click.echo(flow.line)
