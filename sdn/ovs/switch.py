"""One node's Open vSwitch from start to end."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from ipaddress import IPv4Address
from pathlib import Path

from sdn.errors import LabError, SwitchError
from sdn.host.process import end
from sdn.host.space import Spaces
from sdn.ovs import daemon, database
from sdn.ovs.database import Datapath
from sdn.ovs.unixctl import Unixctl
from sdn.plan import NodePlan, Port
from sdn.plan.node import CT_ZONE


class Switch:
    """The running switch of a node: two daemons and what their database says. For one thread at a time."""

    def __init__(self, spaces: Spaces, node: NodePlan, datapath: Datapath) -> None:
        self.node = node
        self.datapath = datapath
        self.before_stop: list[Callable[[], None]] = []
        self.ports: dict[str, tuple[str, Port]] = {}
        self.database: subprocess.Popen[bytes] | None = None
        self.vswitchd: subprocess.Popen[bytes] | None = None
        self._spaces = spaces
        self._named = False

    def start(self, empty: Path) -> None:
        """Both daemons run; br-ex and br0 are coming up with every port that needs no device of the kernel."""
        daemon.copy_database(self.node.name, empty)
        self.start_database()
        database.create_bridges(self.node.name, self.node.bridges, self.datapath)
        self.start_vswitchd()

    def start_database(self) -> subprocess.Popen[bytes]:
        """An ovsdb-server runs on the node's database, and answers."""
        self.database = daemon.start_database(self._spaces, self.node.name)
        return self.database

    def start_vswitchd(self) -> subprocess.Popen[bytes]:
        """An ovs-vswitchd runs; it takes bridges and ports from the database, rules from the controller."""
        self.vswitchd = daemon.start_switch(self._spaces, self.node.name)
        return self.vswitchd

    def set_ports(self, node: NodePlan, tables: Mapping[int, str]) -> None:
        """The switch has exactly the node's veth ports, acknowledged by ovs-vswitchd; br0's tables have names."""
        self.node = node
        wanted = {port.name: (bridge.name, port) for bridge in node.bridges for port in bridge.ports if not port.kind}
        database.remove_ports(node.name, [name for name in self.ports if wanted.get(name) != self.ports[name]])
        new = [wanted[name] for name in wanted if wanted[name] != self.ports.get(name)]
        database.add_ports(node.name, new, {} if self._named else tables)
        self.ports, self._named = wanted, True

    def drop_ports(self, names: Iterable[str]) -> None:
        """The named ports are gone from the switch."""
        gone = [name for name in names if name in self.ports]
        database.remove_ports(self.node.name, gone)
        for name in gone:
            del self.ports[name]

    def teach_neighbours(self) -> None:
        """The userspace datapath knows every peer's MAC, so that no first packet waits for ARP (about 1 s)."""
        if self.datapath is Datapath.KERNEL or not self.node.peers:
            return
        with Unixctl(daemon.switch_control(self.node.name)) as control:
            for peer in self.node.peers:
                control.command("tnl/neigh/set", "br-ex", str(peer.ip), str(peer.mac))

    def await_tunnels(self, timeout_s: float = 10.0) -> None:
        """The switch has heard of its node's address and routes, so that a packet for a peer, or from one, passes.

        The userspace datapath learns them from the kernel some moments after they are set.

        Raises:
            LabError: it has not within `timeout_s`.
        """
        if self.datapath is Datapath.KERNEL or not self.node.peers:
            return
        deadline = time.monotonic() + timeout_s
        with Unixctl(daemon.switch_control(self.node.name)) as control:
            while not self._knows_tunnels(control):
                if time.monotonic() > deadline:
                    raise LabError(f"{self.node.name}: its switch knows no way to its peers after {timeout_s:g} s")
                time.sleep(0.001)

    def _knows_tunnels(self, control: Unixctl) -> bool:
        if f"ipv4(dst={self.node.ip}," not in control.command("tnl/ports/show", "-v"):
            return False
        try:
            return "dev br-ex" in control.command("ovs/route/lookup", str(self.node.peers[0].ip))
        except SwitchError:
            return False

    def forget_connections(self, ip: IPv4Address) -> None:
        """The switch tracks no connection of that address any more."""
        with Unixctl(daemon.switch_control(self.node.name)) as control:
            for end in ("ct_nw_src", "ct_nw_dst"):
                control.command("dpctl/flush-conntrack", f"zone={CT_ZONE}", f"{end}={ip}")

    def stop(self) -> None:
        """Both daemons are gone, and their run directory with them."""
        for prepare in self.before_stop:
            prepare()
        for process in (self.vswitchd, self.database):
            if process is not None:
                end(process)
        shutil.rmtree(daemon.run_directory(self.node.name), ignore_errors=True)
