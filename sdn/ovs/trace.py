"""Ask a switch what it would do with a packet: `ofproto/trace`, parsed.

The switch answers in text for people (ovs-vswitchd(8), "ofproto/trace"). What is read from it: which rule decided in
each table, which ports the packet leaves by, and what the datapath would really do. Wordings differ between versions
and datapaths ("output to native tunnel", "output to kernel tunnel"), so a tunnel's addresses are taken from the
datapath's actions, whose form is fixed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address

from sdn.errors import SwitchError
from sdn.ovs.unixctl import Unixctl

LOCAL = 65534

_BRIDGE = re.compile(r'\s*bridge\("(?P<name>[^"]*)"\)')
_RULE = re.compile(r" *(?P<table>\d{1,3})\. (?P<rule>.*)")
_MATCH = re.compile(r"(?:(?P<match>.*), )?priority (?P<priority>\d+)(?:, cookie (?P<cookie>0x[0-9a-f]+))?")
_OUTPUT = re.compile(r"output(?:\([^)]*\))?:(?P<port>\d+)|(?P<local>LOCAL)|output:.*")
_PORT_NOTE = re.compile(r"output port is (?P<port>\d+)")
_PUSHED = re.compile(
    r"tnl_push\(.*?ipv4\(src=(?P<source>[\d.]+),dst=(?P<destination>[\d.]+),.*?vni=(?P<id>0x[0-9a-f]+)"
    r"|set\(tunnel\(tun_id=(?P<kernel_id>0x[0-9a-f]+),(?:src=(?P<kernel_source>[\d.]+),)?dst=(?P<kernel_destination>[\d.]+)"
)


@dataclass(frozen=True)
class Tunnel:
    """What a tunnel carries beside the packet. `source` is None where the kernel's routing chooses it later."""

    id: int
    destination: IPv4Address
    source: IPv4Address | None = None


@dataclass(frozen=True)
class Action:
    """One action of a rule, and what the switch remarks on it (`output port is 4`)."""

    text: str
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Step:
    """The rule that decided in one table. Where no rule matched, `priority` is -1 and `match` what the switch says."""

    bridge: str
    table: int
    priority: int
    cookie: int
    match: str
    actions: tuple[Action, ...] = ()


@dataclass(frozen=True)
class Output:
    """A port of the traced bridge that the packet leaves by, and what the tunnel adds if it is one."""

    port: int
    tunnel: Tunnel | None = None


@dataclass(frozen=True)
class Trace:
    """A packet's way through one bridge. `datapath` holds the datapath's actions; conntrack starts a new pass."""

    bridge: str
    steps: tuple[Step, ...]
    outputs: tuple[Output, ...]
    datapath: tuple[str, ...]
    text: str

    @property
    def dropped(self) -> bool:
        """The packet leaves by no port, or the datapath would drop it all the same (an unknown tunnel neighbour)."""
        return not self.outputs or self.datapath[-1:] == ("drop",)

    @property
    def decided(self) -> Step | None:
        """The last rule of the traced bridge: the one that let the packet go or dropped it."""
        return next((step for step in reversed(self.steps) if step.bridge == self.bridge), None)


def trace(
    control: Unixctl,
    bridge: str,
    in_port: int,
    frame: bytes,
    tunnel: Tunnel | None = None,
    ct_next: Sequence[str] = (),
) -> Trace:
    """What `bridge` would do with `frame` coming in by OpenFlow port `in_port`; nothing is sent, no counter moves.

    Args:
        control: the control socket of the bridge's ovs-vswitchd.
        bridge: its name.
        in_port: an OpenFlow port number; whether the bridge has it is not asked.
        frame: a whole Ethernet frame, without FCS.
        tunnel: how it came, if `in_port` is a tunnel; `destination` is then the bridge's own machine.
        ct_next: conntrack's answers in their order (`"trk,est,rpl"`); the switch takes `trk,new` for the rest.

    Raises:
        SwitchError: there is no such bridge, or the daemon does not answer.
    """
    flow = [f"in_port={in_port}"]
    if tunnel is not None:
        flow += [f"tun_id={tunnel.id:#x}", f"tun_src={tunnel.source}", f"tun_dst={tunnel.destination}"]
    states = [word for state in ct_next for word in ("--ct-next", state)]
    return parse(control.command("ofproto/trace", bridge, ",".join(flow), *states, frame.hex()), bridge)


def parse(text: str, bridge: str) -> Trace:
    """Read the answer to a trace of `bridge`.

    Raises:
        SwitchError: it is not an answer to `ofproto/trace`.
    """
    reader = _Reader()
    datapath = []
    for line in text.splitlines():
        reader.read(line)
        if line.startswith("Datapath actions: "):
            datapath.append(line.partition(": ")[2])
    if not datapath:
        raise SwitchError(f"ofproto/trace {bridge}: not understood: {text[:200]!r}")
    steps = tuple(reader.steps())
    tunnels = [_tunnel(pushed) for actions in datapath for pushed in _PUSHED.finditer(actions)]
    outputs = tuple(_outputs([step for step in steps if step.bridge == bridge], tunnels))
    return Trace(bridge, steps, outputs, tuple(datapath), text)


class _Reader:
    """Reads the indented tree. Where a rule's actions stand is learned from the first: it depends on the nesting."""

    def __init__(self) -> None:
        self.rules: list[tuple[str, int, str, list[list[str]]]] = []
        self._columns: list[int] = []  # of the actions of each rule of this pass; the newest rules come last
        self._bridge = ""

    def read(self, line: str) -> None:
        """Take in one line of the answer."""
        word = line.strip()
        if header := _BRIDGE.match(line):
            self._bridge = header["name"]
        elif line.startswith("recirc("):
            self._columns.clear()  # a new pass; what it says of itself belongs to no rule
        elif rule := _RULE.fullmatch(line):
            self.rules.append((self._bridge, int(rule["table"]), rule["rule"], []))
            self._columns.append(-1)
        elif line.startswith("    ") and word.strip("-"):
            self._belongs(len(line) - len(line.lstrip()), word)

    def _belongs(self, column: int, word: str) -> None:
        """Give an action to the newest rule whose actions stand in this column, a remark to that rule's last action."""
        remark = word.startswith(("->", ">>"))
        column -= remark
        if self._columns[-1:] == [-1]:
            self._columns[-1] = column
        newest = next((i for i in range(1, len(self._columns) + 1) if self._columns[-i] == column), None)
        if newest is None:
            return
        actions = self.rules[-newest][3]
        if remark and actions:
            actions[-1].append(word)
        elif word != "drop" or not actions:  # after a ct() it only says that the ct() runs no action of its own
            actions.append([word])

    def steps(self) -> Iterator[Step]:
        """Every rule in the order in which it was met."""
        for bridge, table, rule, lines in self.rules:
            actions = tuple(Action(word, tuple(notes)) for word, *notes in lines)
            if found := _MATCH.fullmatch(rule):
                cookie = int(found["cookie"] or "0", 16)
                yield Step(bridge, table, int(found["priority"]), cookie, found["match"] or "", actions)
            else:
                yield Step(bridge, table, -1, 0, rule, actions)


def _outputs(steps: Sequence[Step], tunnels: Sequence[Tunnel]) -> Iterator[Output]:
    """Every port that is output to. Tunnels are met in the same order in the rules and in the datapath's actions."""
    pushed = iter(tunnels)
    for step in steps:
        for action in step.actions:
            port = _port(action)
            if port is None:
                continue
            through = any("tunnel" in note for note in action.notes)
            yield Output(port, next(pushed, None) if through else None)


def _port(action: Action) -> int | None:
    """The OpenFlow port that the packet leaves by; None if it does not (`skipping output to input port`)."""
    found = _OUTPUT.fullmatch(action.text)
    if found is None or any(note.startswith(">>") for note in action.notes):
        return None
    if found["local"]:
        return LOCAL
    if found["port"]:
        return int(found["port"])
    return next((int(said["port"]) for note in action.notes if (said := _PORT_NOTE.search(note))), None)


def _tunnel(pushed: re.Match[str]) -> Tunnel:
    if pushed["id"]:
        return Tunnel(int(pushed["id"], 16), IPv4Address(pushed["destination"]), IPv4Address(pushed["source"]))
    source = IPv4Address(pushed["kernel_source"]) if pushed["kernel_source"] else None
    return Tunnel(int(pushed["kernel_id"], 16), IPv4Address(pushed["kernel_destination"]), source)
