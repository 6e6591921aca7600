"""`sdn status`: nodes, pods and addresses of a lab."""

from __future__ import annotations

import json
import time
from typing import Any

import click

from sdn.api.client import Door
from sdn.cli.options import lab_option, output_option
from sdn.cli.table import print_table
from sdn.lab.find import find


@click.command("status", short_help="Nodes, pods and addresses of a lab.")
@lab_option()
@click.option("--events", "with_events", is_flag=True, help="Also what happened: restarts, repaired rules.")
@output_option()
def command(lab_name: str | None, with_events: bool, output: str) -> None:
    """Show what a lab is made of, and whether every rule is in force (exit 1 if not).

    \b
    Examples:
      sdn status
      sdn status --events
      sdn status -o json | jq '.pods[] | .ip'
    """
    door = Door(find(lab_name))
    status = door.get("/sdn/v1/status")
    if with_events:
        status["events"] = door.get("/sdn/v1/events")["events"]
    if output == "json":
        click.echo(json.dumps(status))
    else:
        _print(status)
    if not all(node["inForce"] for node in status["nodes"]):
        raise SystemExit(1)


def _print(status: dict[str, Any]) -> None:
    click.echo(
        f"{status['name']}: {status['mode']} mode, {status['datapath']} datapath, up {status['upSeconds']:.0f} s\n"
    )
    nodes = [
        [n["name"], n["ip"], n["subnet"], n["gateway"], str(n["pods"]), str(n["flows"]), _rules(n["inForce"])]
        for n in status["nodes"]
    ]
    print_table(["NODE", "ADDRESS", "SUBNET", "TUN0", "PODS", "RULES", ""], nodes)
    click.echo()
    pods = [
        [
            f"{p['namespace']}/{p['name']}",
            p["ip"],
            p["node"],
            p["interface"],
            str(p["ofport"]),
            str(p["vnid"]),
            ",".join(p["ports"]),
        ]
        for p in status["pods"]
    ]
    print_table(["POD", "ADDRESS", "NODE", "INTERFACE", "OFPORT", "VNID", "PORTS"], pods)
    if status["hosts"]:
        click.echo()
        hosts = [[f"host/{h['name']}", h["ip"], ",".join(h["ports"])] for h in status["hosts"]]
        print_table(["HOST", "ADDRESS", "PORTS"], hosts)
    if "events" in status:
        click.echo()
        for event in status["events"]:
            when = time.strftime("%H:%M:%S", time.localtime(event["time_s"]))
            click.echo(f"{when}.{int(event['time_s'] * 1000) % 1000:03d}  {event['place']}: {event['what']}")


def _rules(in_force: bool) -> str:
    return "in force" if in_force else "NOT in force"
