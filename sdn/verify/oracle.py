"""Ask what decides: the switches by `ofproto/trace`, a kernel's routing by `ip route get`, a node's netfilter by `nft`.

And read the real counters of the rules that decided, before and after.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass, replace

from sdn.errors import SwitchError
from sdn.ovs.daemon import switch_control
from sdn.ovs.trace import Step, Trace, trace
from sdn.ovs.unixctl import Unixctl
from sdn.pipeline import Tables, provenance
from sdn.plan import Plan
from sdn.verify.capture import inside
from sdn.verify.places import Crossing, Filtering, Routing
from sdn.verify.result import Rule

Key = tuple[str, int, int, str]  # place, table, priority, match: one rule of one switch, or of one netfilter

_DUMPED = re.compile(
    r"(?:cookie=\S+, )?(?:table_id=(?P<table>\d+), )?duration=\S+, n_packets=(?P<packets>\d+), n_bytes=\d+, "
    r"(?:priority=(?P<priority>\d+))?,?(?P<match>.*?),?actions="
)
_TABLE = re.compile(r"(?<=table[:=])\d+")
_DEFAULT_PRIORITY = 32768


@dataclass(frozen=True)
class Decision:
    """What a switch, a routing table or a netfilter would do. `key` names the rule that had the last word."""

    passed: bool
    summary: str
    rules: tuple[Rule, ...]
    key: Key | None = None
    complaint: str = ""


class Oracle:
    """One connection to each node's switch, made when it is first asked."""

    def __init__(self, plan: Plan, tables: Tables) -> None:
        self._plan, self._tables = plan, tables
        self._switches: dict[str, Unixctl] = {}
        self._refs = {node.name: node.refs() for node in plan.nodes}

    def decide(self, stop: Crossing | Routing | Filtering) -> Decision:
        """What would happen at a stop; nothing is sent."""
        if isinstance(stop, Crossing):
            return self._crossing(stop)
        return _routing(stop) if isinstance(stop, Routing) else _filtering(stop)

    def counters(self, places: Iterable[str]) -> dict[Key, int]:
        """Packets counted so far by every rule of those nodes' br0 and netfilter, the datapath's own included."""
        counts: dict[Key, int] = {}
        for node in places:
            switch = self._switch(node)
            switch.command("revalidator/purge")
            for line in switch.command("bridge/dump-flows", "br0").splitlines():
                if found := _DUMPED.match(line):
                    priority = int(found["priority"] or _DEFAULT_PRIORITY)
                    counts[node, int(found["table"] or 0), priority, found["match"]] = int(found["packets"])
            counts |= {_filter_key(node, comment): packets for comment, packets, _ in _commented_rules(node)}
        return counts

    def _switch(self, node: str) -> Unixctl:
        if node not in self._switches:
            self._switches[node] = Unixctl(switch_control(node))
        return self._switches[node]

    def _crossing(self, stop: Crossing) -> Decision:
        try:
            traced = trace(
                self._switch(stop.node), stop.bridge, stop.in_port, stop.frame, stop.came, ct_next=stop.ct_next
            )
        except SwitchError as error:
            return Decision(False, str(error), (), complaint=str(error))
        steps = [step for step in traced.steps if step.bridge == stop.bridge]
        rules = tuple(self._rule(stop.node, step) for step in steps)
        last = traced.decided
        key = (stop.node, last.table, last.priority, last.match) if last else None
        passed, summary, complaint = _outcome(stop, traced)
        return Decision(passed, summary, rules, key, complaint)

    def _rule(self, node: str, step: Step) -> Rule:
        table = self._name(str(step.table))
        actions = _TABLE.sub(self._named, ",".join(str(action) for action in step.actions) or "drop")
        if step.priority < 0:
            return Rule(table, step.table, step.priority, "(no rule matches)", "drop")
        origin = provenance(step.cookie, self._tables, self._refs[node])
        place = f"{origin.file}:{origin.line}" if origin.line else ""
        return Rule(table, step.table, step.priority, step.match, actions, place, origin.object)

    def _named(self, number: re.Match[str]) -> str:
        return self._name(number[0])

    def _name(self, number: str) -> str:
        table = self._tables.by_number.get(int(number))
        return table.name if table else number


def _outcome(stop: Crossing, traced: Trace) -> tuple[bool, str, str]:
    """Whether it leaves where it should, in words, and what is wrong about it."""
    if traced.dropped:
        unheard = traced.outputs and "the tunnel's neighbour is unknown"
        return False, "dropped", str(unheard or "")
    out = next((output for output in traced.outputs if output.port == stop.out_port), None)
    ports = ", ".join(str(output.port) for output in traced.outputs)
    if out is None:
        return False, f"leaves by port {ports}", f"leaves by port {ports} instead of {stop.out_port}"
    if stop.goes is None:
        return True, f"port {stop.in_port} → port {ports}", ""
    if out.tunnel is None:
        return False, f"leaves by port {ports}", "leaves without a tunnel"
    went = out.tunnel if out.tunnel.source else replace(out.tunnel, source=stop.goes.source)
    words = f"port {stop.in_port} → port {ports}, tun_dst {went.destination} VNID {went.id:#x}"
    wanted = f"tun_dst {stop.goes.destination} VNID {stop.goes.id:#x}"
    return True, words, "" if went == stop.goes else f"tun_dst {went.destination} VNID {went.id:#x} instead of {wanted}"


def _routing(stop: Routing) -> Decision:
    command = ["ip", "route", "get", str(stop.destination), "from", str(stop.source), "iif", stop.device]
    done = _run(stop.space, command)
    words = (done.stdout or done.stderr).strip().splitlines()[:1]
    answer = words[0].removeprefix("RTNETLINK answers: ") if words else ""
    action = "forward" if done.returncode == 0 else "drop"
    rule = Rule("routing", -1, 0, f"to {stop.destination}", f"{action} ({answer})")
    return Decision(done.returncode == 0, answer, (rule,))


def _filtering(stop: Filtering) -> Decision:
    found = next((actions for comment, _, actions in _commented_rules(stop.space) if comment == stop.comment), None)
    if found is None:
        return Decision(True, f'no rule "{stop.comment}"', ())
    rule = Rule("forward", -1, 0, f'"{stop.comment}"', found)
    return Decision(found != "drop", found, (rule,), _filter_key(stop.space, stop.comment))


def _filter_key(space: str, comment: str) -> Key:
    return space, -1, 0, comment


def _commented_rules(space: str) -> list[tuple[str, int, str]]:
    """Comment, packets and last action of every rule that has a comment."""
    done = _run(space, ["nft", "-j", "list", "table", "ip", "sdn"])
    if done.returncode != 0:
        return []
    rules = [entry["rule"] for entry in json.loads(done.stdout)["nftables"] if "rule" in entry]
    return [
        (
            rule["comment"],
            sum(part["counter"]["packets"] for part in rule["expr"] if isinstance(part.get("counter"), dict)),
            next(iter(rule["expr"][-1])),
        )
        for rule in rules
        if "comment" in rule
    ]


def _run(space: str, command: list[str]) -> subprocess.CompletedProcess[str]:
    with inside(space):
        return subprocess.run(command, capture_output=True, text=True, check=False)
