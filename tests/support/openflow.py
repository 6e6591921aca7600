"""A real Open vSwitch with a dummy datapath, and a controller process, for tests without root."""

from __future__ import annotations

import os
import queue
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from sdn.controller.client import ControllerClient

BINARIES = ("ovsdb-tool", "ovsdb-server", "ovs-vswitchd", "ovs-vsctl", "ovs-ofctl", "ovs-appctl")
SCHEMA = Path("/usr/share/openvswitch/vswitch.ovsschema")
TWIN = "br1"
PATIENCE_S = 20.0

Event = Mapping[str, Any]


def missing() -> str:
    """Why no dummy switch can run here; empty if one can."""
    lacking = [name for name in BINARIES if not shutil.which(name)] + ([] if SCHEMA.exists() else [str(SCHEMA)])
    return f"Open vSwitch is not installed: no {', '.join(lacking)}" if lacking else ""


# Every field and every action that a rule may have, in tables of these names
TABLES = {"first": 0, "second": 10, "third": 20, "last": 30}
RULES = (
    "cookie=0x1,table=first,priority=1,in_port=3,ip,dl_src=0a:58:0a:f8:00:02,nw_src=10.248.0.2,actions=drop",
    "cookie=0x2,table=first,priority=2,in_port=LOCAL,actions=output:LOCAL",
    "cookie=0x3,table=first,priority=3,dl_dst=01:00:00:00:00:00/01:00:00:00:00:00,actions=output:4",
    "cookie=0x4,table=first,priority=4,ip,nw_src=10.248.0.0/14,nw_dst=10.0.0.0/8,actions=output:4,output:5",
    "cookie=0x5,table=first,priority=5,ip,nw_src=10.248.0.0/255.252.0.0,nw_dst=10.0.0.1/32,actions=drop",
    "cookie=0x6,table=first,priority=6,ip,nw_src=0.0.0.0/0,nw_proto=47,actions=drop",
    "cookie=0x7,table=first,priority=7,tcp,tp_src=1024/0xfc00,tp_dst=80,tcp_flags=+syn-ack,actions=drop",
    "cookie=0x8,table=first,priority=8,udp,tp_dst=0x12b5,actions=drop",
    "cookie=0x9,table=first,priority=9,sctp,tp_src=7,tp_dst=9/0xffff,actions=drop",
    "cookie=0xa,table=first,priority=10,icmp,icmp_type=8,icmp_code=0,actions=drop",
    "cookie=0xb,table=first,priority=11,udp,nw_frag=later,actions=drop",
    "cookie=0xc,table=first,priority=12,ip,nw_frag=no,actions=drop",
    "cookie=0xd,table=first,priority=13,ip,nw_frag=yes,actions=drop",
    "cookie=0xe,table=first,priority=14,ip,nw_frag=first,actions=drop",
    "cookie=0xf,table=first,priority=15,ip,nw_frag=not_later,actions=drop",
    (
        "cookie=0x10,table=first,priority=16,in_port=3,arp,arp_op=1,arp_spa=10.248.0.2,arp_tpa=10.248.0.0/14,"
        "arp_sha=0a:58:0a:f8:00:02,arp_tha=00:00:0a:f8:00:02/00:00:ff:ff:ff:ff,actions=output:2"
    ),
    "cookie=0x11,table=first,priority=17,tun_id=0x5,tun_src=10.252.7.20,tun_dst=10.252.7.0/24,actions=drop",
    "cookie=0x12,table=first,priority=18,tun_id=0x100/0xffffff00,actions=drop",
    "cookie=0x13,table=first,priority=19,reg0=0x5,reg1=0x6/0xff,reg2=3,reg3=4,reg4=5,reg5=6,reg6=7,reg7=8,actions=drop",
    "cookie=0x14,table=first,priority=20,metadata=0x7,pkt_mark=0x3,conj_id=9,actions=drop",
    "cookie=0x15,table=first,priority=21,ip,ct_state=+trk+est-rpl,ct_zone=65520,ct_mark=0x1/0x1,actions=drop",
    "cookie=0x16,table=first,priority=22,ip,ct_label=0x10000000000000001/0xf000000000000000f,actions=drop",
    "cookie=0x17,table=first,priority=23,ip,ct_state=-trk,actions=ct(table=first,zone=65520)",
    "cookie=0x18,table=first,priority=24,ip,actions=ct(commit,zone=65520,exec(load:0x1->NXM_NX_CT_MARK[0..3])),output:2",
    "cookie=0x19,table=first,priority=25,ip,actions=ct(commit,force,table=second,zone=1,exec(set_field:0x1/0x1->ct_mark))",
    "cookie=0x1a,table=first,priority=26,ip,actions=ct(table=second,zone=65520,nat)",
    "cookie=0x1b,table=first,priority=27,tcp,actions=ct(commit,table=second,zone=65520,nat(dst=10.0.0.1:8080))",
    (
        "cookie=0x1c,table=first,priority=28,tcp,"
        "actions=ct(commit,zone=3,nat(src=10.0.0.1-10.0.0.9:80-89,random),exec(load:0x2->NXM_NX_CT_MARK[])),output:3"
    ),
    "cookie=0x1d,table=first,priority=29,ip,actions=load:0x5->NXM_NX_REG0[],goto_table:second",
    "cookie=0x1e,table=first,priority=30,ip,actions=load:0x5->NXM_NX_REG0[8..15],load:0x1->NXM_NX_REG1[31]",
    (
        "cookie=0x1f,table=second,priority=31,actions=move:NXM_NX_REG0[]->NXM_NX_TUN_ID[0..31],"
        "set_field:10.252.7.21->tun_dst,output:1"
    ),
    "cookie=0x20,table=second,priority=32,actions=move:NXM_NX_TUN_ID[0..31]->NXM_NX_REG0[],goto_table:third",
    "cookie=0x21,table=second,priority=33,ip,actions=set_field:0a:58:0a:f8:00:02->dl_dst,dec_ttl,output:NXM_NX_REG2[]",
    "cookie=0x22,table=second,priority=34,ip,actions=set_field:10.0.0.7->nw_dst,resubmit(,first)",
    "cookie=0x23,table=second,priority=35,ip,actions=resubmit(4,third),resubmit(,last)",
    "cookie=0x24,table=third,priority=36,ip,actions=conjunction(70000,1/2),conjunction(5,2/3)",
    (
        "cookie=0x25,table=third,priority=37,arp,actions=move:NXM_OF_ETH_SRC[]->NXM_OF_ETH_DST[],load:0x2->NXM_OF_ARP_OP[],"
        "move:NXM_NX_ARP_SHA[]->NXM_NX_ARP_THA[],move:NXM_OF_ARP_SPA[]->NXM_OF_ARP_TPA[],output:3"
    ),
    "cookie=0x26,table=third,priority=38,tcp,actions=set_field:0x7->tun_id,set_field:0x3->reg5,output:3",
    "cookie=0x27,table=third,priority=39,ip,actions=group:7",
    "cookie=0xffffffffffffff28,table=third,priority=65535,actions=note:01.02.03.0a.ff.10",
    "cookie=0x0,table=last,priority=0,actions=drop",
)
GROUP = "group_id=7,type=select,bucket=output:1"


def numbered(line: str) -> str:
    """The line with the tables' numbers, for ovs-ofctl."""
    for name, number in TABLES.items():
        line = re.sub(rf"(table[=:]|,)({name})\b", rf"\g<1>{number}", line)
    return line


class DummySwitch:
    """Daemons of its own in `directory`; `bridges` is how many bridges, with datapath ids from 1 on.

    The controller has all but the twin, which is ovs-ofctl's: to compare with.
    """

    def __init__(self, directory: Path, bridges: int = 2, controller: Path | None = None) -> None:
        self.directory = directory
        directory.mkdir(exist_ok=True)
        self._environment = {**os.environ, "OVS_RUNDIR": str(directory), "OVS_LOGDIR": str(directory)}
        self._run("ovsdb-tool", "create", str(directory / "conf.db"), str(SCHEMA))
        self._daemons: dict[str, subprocess.Popen[bytes]] = {}
        self._bridges = [f"br{number}" for number in range(bridges)]
        try:
            self._spawn("ovsdb-server", "conf.db", "--remote=punix:db.sock")
            self._run("ovs-vsctl", "--no-wait", "init")
            self.start()
            for number, bridge in enumerate(self._bridges, 1):
                self._add_bridge(bridge, number, None if bridge == TWIN else controller)
        except BaseException:
            self.stop()
            raise

    def __enter__(self) -> DummySwitch:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """ovs-vswitchd runs (again)."""
        self._spawn("ovs-vswitchd", "unix:db.sock", "--enable-dummy", "--disable-system")
        self._run("ovs-vsctl", "--", "show")

    def kill(self) -> None:
        """ovs-vswitchd is killed, and gone."""
        process = self._daemons.pop("ovs-vswitchd")
        process.kill()
        process.wait()
        for stale in ("ovs-vswitchd.ctl", "br0.mgmt"):
            (self.directory / stale).unlink(missing_ok=True)

    def stop(self) -> None:
        """Everything has ended."""
        for process in self._daemons.values():
            process.kill()
            process.wait()
        self._daemons.clear()

    def ofctl(self, *arguments: str, text: str = "") -> str:
        """What ovs-ofctl prints; CalledProcessError if it fails."""
        return self._run("ovs-ofctl", "-O", "OpenFlow14", *arguments, text=text)

    def flows(self, bridge: str = "br0") -> list[str]:
        """The rules of a bridge without their counters, in an order that is always the same."""
        dump = self.ofctl("--no-stats", "--no-names", "dump-flows", bridge)
        return sorted(line for line in dump.splitlines() if "actions=" in line)

    def clear(self) -> None:
        """No bridge has any rule or group."""
        for bridge in self._bridges:
            self.ofctl("del-flows", bridge)
            self.ofctl("del-groups", bridge)

    def twin(self, lines: Iterable[str]) -> list[str]:
        """The rules of the twin after ovs-ofctl has put these lines, and no others, into it."""
        self.ofctl("--bundle", "replace-flows", TWIN, "-", text="\n".join(map(numbered, lines)))
        return self.flows(TWIN)

    def spawn(self, *command: str) -> subprocess.Popen[str]:
        """A command that speaks to this switch, running."""
        return subprocess.Popen(
            command,
            env=self._environment,
            cwd=self.directory,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def _add_bridge(self, name: str, number: int, controller: Path | None) -> None:
        settings = ["datapath_type=dummy", "fail_mode=secure", f"other_config:datapath-id={number:016x}"]
        command = ["add-br", name, "--", "set", "bridge", name, *settings]
        command += [f"protocols={'OpenFlow14' if controller else 'OpenFlow10,OpenFlow13,OpenFlow14'}"]
        if controller:
            # ovs-vswitchd connects to sockets of its own directory only
            (self.directory / "openflow.sock").unlink(missing_ok=True)
            (self.directory / "openflow.sock").symlink_to(controller)
            command += ["--", "--id=@c", "create", "controller", 'target="unix:openflow.sock"', "max_backoff=1000"]
            command += ["--", "set", "bridge", name, "controller=@c"]
        self._run("ovs-vsctl", *command)

    def _spawn(self, name: str, *arguments: str) -> None:
        command = [
            name,
            *arguments,
            f"--unixctl={self.directory / name}.ctl",
            "-vconsole:off",
            f"--log-file={name}.log",
        ]
        self._daemons[name] = subprocess.Popen(command, env=self._environment, cwd=self.directory)
        self._wait_for(name)

    def _wait_for(self, name: str) -> None:
        """The daemon answers; a daemon that has died is an error."""
        while True:
            command = ["ovs-appctl", "-t", str(self.directory / f"{name}.ctl"), "version"]
            if subprocess.run(command, capture_output=True, check=False).returncode == 0:
                return
            if self._daemons[name].poll() is not None:
                raise RuntimeError(f"{name} has ended with status {self._daemons[name].returncode}")

    def _run(self, *command: str, text: str = "") -> str:
        database = ["--db=unix:db.sock", "--timeout=20"] if command[0] == "ovs-vsctl" else []
        return subprocess.run(
            [command[0], *database, *command[1:]],
            input=text,
            env=self._environment,
            cwd=self.directory,
            capture_output=True,
            text=True,
            check=True,
        ).stdout


class ControllerProcess:
    """A controller process and its client; every event is kept, in order."""

    SOCKET = "controller.sock"

    def __init__(self, directory: Path) -> None:
        self.listens = directory / self.SOCKET
        self._events: queue.Queue[Event] = queue.Queue()
        self.start()

    def __enter__(self) -> ControllerProcess:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()
        try:
            self.process.wait(PATIENCE_S)
        finally:
            self.process.kill()
            self.process.wait()

    def start(self) -> None:
        """A new process runs; it knows nothing."""
        ours, theirs = socket.socketpair()
        command = [sys.executable, "-m", "sdn.controller", "--listen", str(self.listens)]
        self.process = subprocess.Popen([*command, "--control", str(theirs.fileno())], pass_fds=[theirs.fileno()])
        theirs.close()
        self.channel = ours
        self.client = ControllerClient(ours, self._events.put)

    def kill(self) -> None:
        """The process is killed, and gone."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.client.close()

    def stop(self) -> int:
        """The channel is closed; the status with which the process ends by itself."""
        self.client.close()
        return self.process.wait(PATIENCE_S)

    def wait(self, kind: str, accept: Callable[[Event], bool] = lambda _: True) -> Event:
        """The next event of that kind that is accepted; an error that tells what came instead if none comes."""
        seen: list[Event] = []
        while True:
            try:
                event = self._events.get(timeout=PATIENCE_S)
            except queue.Empty:
                raise AssertionError(f"no {kind} event within {PATIENCE_S:g} s, but {seen}") from None
            seen.append(event)
            if event["event"] == kind and accept(event):
                return event
