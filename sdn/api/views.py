"""What the door shows of a lab, as plain JSON values."""

from __future__ import annotations

import time
from typing import Any

from starlette.requests import Request

from sdn.errors import InputError
from sdn.lab.supervisor import Supervisor
from sdn.ovs.dump import dump_flows
from sdn.pipeline import provenance
from sdn.plan import Answer, NodePlan, Plan, Role


def status(supervisor: Supervisor, request: Request) -> dict[str, Any]:
    """Nodes, pods and hosts with their addresses, and whether each node's rules are in force."""
    plan = _plan(supervisor)
    in_force = supervisor.rules.in_force()
    spaces = {space.name: space for space in plan.spaces}
    return {
        "name": supervisor.name,
        "mode": str(plan.nodes[0].mode),
        "datapath": str(supervisor.datapath),
        "upSeconds": round(time.time() - supervisor.started_s, 3),
        "nodes": [_node(node, in_force.get(node.name, False), supervisor) for node in plan.nodes],
        "pods": [
            {
                "name": pod.name,
                "namespace": pod.namespace,
                "node": pod.node,
                "ip": str(pod.ip),
                "mac": pod.mac,
                "ofport": pod.ofport,
                "interface": pod.wire,
                "vnid": pod.vnid,
                "ports": _ports(spaces[pod.space].answers),
            }
            for pod in plan.pods
        ],
        "hosts": [
            {"name": space.name, "ip": str(space.addresses[0].interface.ip), "ports": _ports(space.answers)}
            for space in plan.spaces
            if space.role is Role.HOST
        ],
    }


def _node(node: NodePlan, in_force: bool, supervisor: Supervisor) -> dict[str, Any]:
    return {
        "name": node.name,
        "ip": str(node.ip),
        "subnet": str(node.subnet),
        "gateway": str(node.gateway),
        "pods": len(node.pods),
        "flows": len(supervisor.rules.flows.get(node.name, ())),
        "inForce": in_force,
    }


def _ports(answers: tuple[Answer, ...]) -> list[str]:
    return [f"{answer.port}/{answer.protocol}" for answer in answers]


def events(supervisor: Supervisor, request: Request) -> dict[str, Any]:
    """What happened in the lab, oldest first."""
    return {"events": [entry.as_json() for entry in supervisor.journal.entries()]}


def objects(supervisor: Supervisor, request: Request) -> dict[str, Any]:
    """The documents that the lab was made from."""
    return {"documents": list(supervisor.documents)}


def flows(supervisor: Supervisor, request: Request) -> dict[str, Any]:
    """A node's rules with their origin: what its switch has, and what it should have."""
    node = request.path_params["node"]
    desired = supervisor.rules.flows.get(node)
    if desired is None:
        raise InputError(f"no node {node}; there are {', '.join(supervisor.rules.flows)}")
    tables, refs = supervisor.rules.tables, supervisor.rules.refs(node)
    return {
        "node": node,
        "desired": [flow.line for flow in desired],
        "actual": [
            {
                "table": flow.table,
                "priority": flow.priority,
                "packets": flow.packets,
                "bytes": flow.bytes,
                "rule": flow.rule,
                "origin": str(provenance(flow.cookie, tables, refs)),
            }
            for flow in dump_flows(node)
        ],
        "difference": supervisor.rules.difference(node),
    }


def _plan(supervisor: Supervisor) -> Plan:
    if supervisor.plan is None:
        raise InputError("the lab is not built yet")
    return supervisor.plan
