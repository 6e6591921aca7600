"""A real ovs-vswitchd on dummy ports, without root: the oracle for what rules do."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sdn.ovs.unixctl import Unixctl

SCHEMA = Path("/usr/share/openvswitch/vswitch.ovsschema")
PATH = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])
PROGRAMS = ("setpriv", "ovsdb-tool", "ovsdb-server", "ovs-vswitchd", "ovs-vsctl", "ovs-ofctl")
MISSING = [name for name in PROGRAMS if shutil.which(name, path=PATH) is None]
REASON = f"Open vSwitch is not installed ({', '.join(MISSING)})"

_EVENT = re.compile(
    r"^ *\d+\. (?:.*, )?priority \d+(?:, cookie (?P<cookie>0x[0-9a-f]+))?$"
    r"|^ *\d+\. (?P<nothing>No match)\.$"
    r"|^ *output:(?P<port>\d+)$"
    r"|output port is (?P<register>\d+)$"
    r"|(?P<skipped>skipping output to input port)"
    r"|NXM_NX_TUN_ID\[0\.\.31\] is now (?P<vnid>0x[0-9a-f]+|\d+)$"
    r"|^ *set_field:(?P<node>[0-9.]+)->tun_dst$"
    r"|^ *(?P<commit>ct\(commit)",
    re.MULTILINE,
)
NOWHERE = 0xFF << 56  # a cookie of no table: the packet met no rule


@dataclass(frozen=True)
class Trace:
    """What a switch would do with a packet: ports it leaves by, VNID and node if by VXLAN, whether it is committed."""

    outputs: tuple[int, ...]
    tunnel: tuple[int, str] | None
    commits: bool
    hops: tuple[int, ...]  # the cookies of the rules that it met
    text: str


class Switch:
    """One ovs-vswitchd with as many bridges as are asked for."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.env = {**os.environ, "PATH": PATH, "OVS_RUNDIR": str(directory), "OVS_LOGDIR": str(directory)}
        self.control = Unixctl(directory / "vswitchd.ctl")
        self._number = 0

    def bridge(self, ports: Iterable[int]) -> str:
        """A new bridge with these ports; its name."""
        self._number += 1
        name = f"br{self._number}"
        words = ["--", "add-br", name, "--", "set", "Bridge", name, "datapath_type=dummy", "fail_mode=secure"]
        for number in ports:
            port = port_name(name, number)
            words += ["--", "add-port", name, port, "--", "set", "Interface", port, "type=dummy"]
            words += [f"ofport_request={number}"]
        self.run("ovs-vsctl", f"--db=unix:{self.directory}/db.sock", "--timeout=30", *words)
        return name

    def load(self, bridge: str, text: str) -> None:
        """The bridge has exactly these rules."""
        self.ofctl("--bundle", "replace-flows", bridge, "-", text=text)

    def change(self, bridge: str, text: str) -> None:
        """One bundle of `add …`, `delete_strict …` lines."""
        self.ofctl("--bundle", "add-flows", bridge, "-", text=text)

    def trace(self, bridge: str, packet: str, ct: str = "new") -> Trace:
        """What the bridge would do with a packet whose connection is in state `ct` (`est`, `est,rpl`, …)."""
        text = self.control.command("ofproto/trace", bridge, packet, "--ct-next", f"trk,{ct}")
        hops: list[int] = []
        outputs: list[int] = []
        seen = {"vnid": "-1", "node": "", "commit": ""}
        for found in _EVENT.finditer(text):
            kind, value = found.lastgroup, found[found.lastgroup or 0]
            if kind in ("port", "register"):
                outputs.append(int(value))
            elif kind == "skipped":
                outputs.pop()
            elif kind in seen:
                seen[kind] = value
            else:
                hops.append(int(value, 16) if kind == "cookie" else NOWHERE if kind == "nothing" else 0)
        tunnel = (int(seen["vnid"], 0), seen["node"]) if seen["node"] else None
        return Trace(tuple(outputs), tunnel, bool(seen["commit"]), tuple(hops), text)

    def put_in(self, bridge: str, port: int, frame: bytes) -> None:
        """The frame has been queued at the port."""
        self.control.command("netdev-dummy/receive", f"{port_name(bridge, port)}", frame.hex())

    def sent(self, bridge: str) -> dict[int, int]:
        """How many frames have left by each port."""
        text = self.control.command("dpctl/show", "-s")
        found = re.findall(rf"port \d+: p{bridge[2:]}-(\d+) .*\n.*\n *TX packets:(\d+)", text)
        return {int(port): int(packets) for port, packets in found}

    def ofctl(self, *words: str, text: str | None = None) -> str:
        return self.run("ovs-ofctl", "-O", "OpenFlow14", *words, text=text)

    def run(self, *words: str, text: str | None = None) -> str:
        done = subprocess.run(words, env=self.env, input=text, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{' '.join(words)[:200]}: {done.stderr}")
        return done.stdout


def port_name(bridge: str, number: int) -> str:
    """The name of a port of a bridge."""
    return f"p{bridge[2:]}-{number}"


@contextmanager
def running(directory: Path) -> Iterator[Switch]:
    """A switch in `directory`, whose path is short enough for a socket; both daemons are gone afterwards."""
    switch = Switch(directory)
    database = directory / "conf.db"
    switch.run("ovsdb-tool", "create", str(database), str(SCHEMA))
    remote, control = f"--remote=punix:{directory}/db.sock", f"--unixctl={directory}/ovsdb.ctl"
    with _daemon(switch.env, "ovsdb-server", str(database), remote, control):
        switch.run("ovs-vsctl", f"--db=unix:{directory}/db.sock", "--no-wait", "--retry", "--timeout=10", "init")
        vswitchd = ["ovs-vswitchd", f"unix:{directory}/db.sock", f"--unixctl={directory}/vswitchd.ctl"]
        with _daemon(switch.env, *vswitchd, "--enable-dummy", "--disable-system"), switch.control:
            yield switch


@contextmanager
def _daemon(env: Mapping[str, str], *words: str) -> Iterator[None]:
    # it dies with the tests, even if they are killed
    command = ["setpriv", "--pdeathsig", "KILL", *words, "-vconsole:off"]
    with subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL) as process:
        try:
            yield
        finally:
            process.send_signal(signal.SIGKILL)


def parses(directory: Path, text: str) -> tuple[bool, str]:
    """Whether `ovs-ofctl parse-flows` takes the rules, and what it says."""
    done = subprocess.run(
        ["ovs-ofctl", "-O", "OpenFlow14", "parse-flows", "-"],
        env={**os.environ, "PATH": PATH, "OVS_RUNDIR": str(directory)},
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode == 0, done.stdout + done.stderr
