"""Do the cases notice a wrong rule? Each rule is spoilt in many ways, in a real switch, and a case must fail.

What may survive is listed in SPARED with the reason; anything else that survives is a gap in the cases. In
NetworkPolicy mode policies close a namespace, so that the rules for known connections have something to do.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import pytest

from sdn.model import Mode
from sdn.pipeline import Flow, Tables, ofctl_text

from .bridges import Bridge, Bridges
from .cases import Case, Node
from .test_paths import differs

# Every rule is spoilt in every way where SDN_MUTANTS=all; else every sixth mutant, for speed.
ALL = os.environ.get("SDN_MUTANTS") == "all"
MULTITENANT, NETWORK_POLICY = Mode.MULTITENANT, Mode.NETWORK_POLICY


class Spare(NamedTuple):
    """Mutants that no packet can tell from the rule, and why.

    `table`, `kind` and `text` are patterns; `text` is found in the rule and the mutant.
    """

    mode: Mode | None
    table: str
    kind: str
    text: str
    reason: str


SPARED = (
    Spare(None, "version", "", "", "no packet comes here"),
    Spare(None, "policy_egress", "gone|action", "priority=0,", "nothing is left for it: every tenant has a rule"),
    Spare(NETWORK_POLICY, "policy_ingress", "gone|action", "priority=0,", "nothing is left for it either"),
    Spare(NETWORK_POLICY, "policy_.*", "without reg", "priority=50,", "the other tenants have such a rule too"),
    Spare(None, "service", "gone|action", "priority=0,", "nothing is left for it: only IPv4 comes here"),
    Spare(MULTITENANT, "classify", "", "ct_state=-trk", "no rule asks conntrack in this mode"),
    Spare(MULTITENANT, "classify", "priority", "priority=1001,", "so it may as well come before conntrack"),
    Spare(MULTITENANT, "classify", "w.* nw_dst", "priority=300,", "it is dropped in route all the same"),
    Spare(None, "classify", "register", "in_port=1,arp,", "ARP for a pod asks for no VNID"),
    Spare(MULTITENANT, "route", "", "goto_table:(service|60)", "service and egress lead to tun0 both"),
    Spare(None, "route", "priority", "goto_table:60", "the rule that it now comes after is of the node's packets only"),
    Spare(None, "route", "wider nw_dst", "priority=150,in_port=2,", "the rule of priority 50 drops it as well"),
    Spare(
        None, "policy_ingress", "priority", r"ct_state=\+(est|rel).*priority=311,", "no packet is new and known at once"
    ),
)


@dataclass(frozen=True)
class Mutant:
    """A rule and what it is turned into; `new` empty is a rule taken out."""

    flow: Flow
    kind: str
    old: str
    new: str


@dataclass
class Tally:
    """What became of the mutants."""

    caught: Counter[str] = field(default_factory=Counter)
    survived: list[Mutant] = field(default_factory=list)


def mutants(flows: tuple[Flow, ...], tables: Tables) -> Iterator[Mutant]:
    """Every way to spoil every rule."""
    for flow in flows:
        text = ofctl_text([flow], tables).strip()
        yield Mutant(flow, "gone", text, "")
        for priority in _swaps(flow, flows):
            yield _change(flow, "priority", text, f"priority={flow.priority}", f"priority={priority}")
        for part in flow.match if "ct(table=" not in text else ():  # a loop, and the trace would not return
            yield from _loosened(flow, text, str(part))
        before, _, actions = text.partition(" actions=")
        for kind, new in _acted(actions):
            yield Mutant(flow, kind, text, f"{before} actions={new}")


def _swaps(flow: Flow, flows: tuple[Flow, ...]) -> Iterator[int]:
    """The priorities just past the nearest rule, above and below, that this one competes with."""
    rivals = [other for other in flows if other.number == flow.number and other.actions != flow.actions]
    rivals = [other for other in rivals if _overlap(flow, other)]
    below = [other.priority for other in rivals if 0 < other.priority < flow.priority]
    above = [other.priority for other in rivals if other.priority > flow.priority]
    if below:
        yield max(below) - 1
    if above:
        yield min(above) + 1


def _overlap(one: Flow, other: Flow) -> bool:
    """Whether a packet can match both."""
    parts = {name: (value, mask) for name, value, mask in other.identity.match}
    for name, value, mask in one.identity.match:
        if name in parts and (value ^ parts[name][0]) & mask & parts[name][1]:
            return False
    return True


def _change(flow: Flow, kind: str, text: str, old: str, new: str) -> Mutant:
    assert old in text
    return Mutant(flow, kind, text, text.replace(old, new, 1))


def _loosened(flow: Flow, text: str, part: str) -> Iterator[Mutant]:
    name, _, value = part.partition("=")
    if not value:
        return  # a protocol: what else the rule matches needs it
    yield _change(flow, f"without {name}", text, f",{part}", "")
    if re.fullmatch(r"[0-9.]+(/\d+)?", value) and "." in value:
        address, _, bits = value.partition("/")
        wider = int(bits or 32) - 3
        yield _change(flow, f"wider {name}", text, part, f"{name}={address}/{wider}")
    if name.startswith("reg"):
        yield _change(flow, "register", text, part, f"reg{1 - int(name[3])}={value}")
    if name == "ct_state":
        yield _change(flow, "state", text, part, f"{name}={value.replace('+', '-')}")


def _acted(actions: str) -> Iterator[tuple[str, str]]:
    if actions == "drop":
        yield "action", "output:1,output:2"
        return
    yield "action", "drop"
    if "ct(commit" in actions:
        yield "commit", re.sub(r"ct\(commit,[^)]*\),", "", actions)
    if "REG" in actions:
        yield "register", re.sub(r"REG(\d)", lambda found: f"REG{(int(found[1]) + 1) % 3}", actions, count=1)
    for found in re.finditer(r"load:(0x[0-9a-f]+|\d+)", actions):
        value = int(found[1], 0) + 1
        yield "value", f"{actions[: found.start()]}load:{value}{actions[found.end() :]}"
    if "->tun_dst" in actions:
        yield "value", re.sub(r"set_field:\S+->tun_dst", "set_field:192.0.2.99->tun_dst", actions)
    if found := re.search(r"output:(\d+)", actions):
        yield "port", actions.replace(found[0], f"output:{3 - int(found[1]) if int(found[1]) < 3 else 2}")
    if found := re.search(r"goto_table:(\d+)", actions):
        yield "goto", actions.replace(found[0], "goto_table:253")


def chosen(bridge: Bridge, tables: Tables) -> list[Mutant]:
    """The mutants to try. Of rules that come from the same line of a file the last one stands for all."""
    flows = {flow.origin[:2]: flow for flow in bridge.flows}
    found = list(mutants(tuple(flows.values()), tables))
    return found if ALL else [mutant for mutant in found if not spared(mutant, bridge.node.mode)][::6]


def hunt(bridge: Bridge, tables: Tables, isolated: str) -> Tally:
    """Put mutants in place of their rules, and see whether a case that passes the rule's table fails."""
    met: dict[Case, tuple[int, ...]] = {}
    turn: dict[Case, int] = {}  # the first of each way through the tables, then the second of each, …
    ways: Counter[tuple[int, ...]] = Counter()
    for case in Node(bridge.plan, bridge.node, isolated).cases():
        hops = met[case] = bridge.trace(case.packet, case.ct).hops
        turn[case] = ways[hops]
        ways[hops] += 1
    tally, undo = Tally(), ""
    for mutant in chosen(bridge, tables):
        bridge.switch.change(bridge.name, f"{undo}{_without(mutant.old)}{mutant.new}\n")
        # the mutant may have taken the place of another rule than its own
        undo = _without(mutant.new) + "".join(re.findall(rf".*,table={mutant.flow.number},.*\n", bridge.text))
        cases = [case for case in met if any(hop >> 56 == mutant.flow.number for hop in met[case])]
        cases.sort(key=lambda case: (mutant.flow.cookie not in met[case], turn[case]))  # the likeliest first
        if any(differs(case, bridge.trace(case.packet, case.ct), bridge, tables) for case in cases):
            tally.caught[mutant.kind.split()[0]] += 1
        else:
            tally.survived.append(mutant)
    bridge.switch.change(bridge.name, undo)
    assert bridge.differences() == ""
    return tally


def _without(rule: str) -> str:
    """The line of a bundle that takes the rule out."""
    return f"delete_strict {rule.split(' actions=')[0].split(',', 1)[1]}\n" if rule else ""


def spared(mutant: Mutant, mode: Mode) -> bool:
    return any(
        spare.mode in (None, mode)
        and re.fullmatch(spare.table, mutant.flow.table)
        and re.match(spare.kind, mutant.kind)
        and re.search(spare.text, f"{mutant.flow.line} {mutant.new}")
        for spare in SPARED
    )


@pytest.mark.parametrize(("mode", "isolated"), [(MULTITENANT, ""), (NETWORK_POLICY, "default")])
def test_a_spoilt_rule_is_noticed(bridges: Bridges, tables: Tables, mode: Mode, isolated: str) -> None:
    """Subnet mode's rules are those of Multitenant mode, but for two."""
    tally = hunt(bridges.get("multitenant", "node1", mode, isolated), tables, isolated)
    gaps = [mutant for mutant in tally.survived if not spared(mutant, mode)]
    print(f"{sum(tally.caught.values())} caught ({dict(tally.caught)}), {len(tally.survived)} survived")
    assert not gaps, f"{len(gaps)} gaps:\n" + "\n".join(f"{m.kind}: {m.old}\n    -> {m.new}" for m in gaps)
