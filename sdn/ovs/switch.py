"""One node's Open vSwitch from start to end."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

from sdn.host.process import end
from sdn.host.space import Spaces
from sdn.ovs import daemon, database
from sdn.ovs.database import Datapath
from sdn.ovs.unixctl import Unixctl
from sdn.plan import NodePlan, Port


class Switch:
    """The running switch of a node: two daemons and what their database says. For one thread at a time."""

    def __init__(self, spaces: Spaces, node: NodePlan, datapath: Datapath) -> None:
        self.node = node
        self.datapath = datapath
        self.stopped = False
        self.ports: dict[str, tuple[str, Port]] = {}
        self.database: subprocess.Popen[bytes] | None = None
        self.vswitchd: subprocess.Popen[bytes] | None = None
        self._spaces = spaces
        self._named = False

    def start(self, empty: Path) -> None:
        """Both daemons run; br-ex and br0 are coming up with every port that needs no device of the kernel."""
        name = self.node.name
        self.database = daemon.start_database(self._spaces, name, empty)
        database.create_bridges(name, self.node.bridges, self.datapath)
        self.vswitchd = daemon.start_switch(self._spaces, name)

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

    def restart_switch(self) -> None:
        """A new ovs-vswitchd runs, on the same database; its rules come from the controller."""
        self.vswitchd = daemon.start_switch(self._spaces, self.node.name)
        daemon.wait_for_socket(daemon.switch_control(self.node.name), self.vswitchd)

    def restart_database(self) -> None:
        """A new ovsdb-server runs, on the same file."""
        self.database = daemon.start_database(self._spaces, self.node.name, daemon.run_directory(self.node.name))

    def stop(self) -> None:
        """Both daemons are gone, and their run directory with them."""
        self.stopped = True
        for process in (self.vswitchd, self.database):
            if process is not None:
                end(process)
        shutil.rmtree(daemon.run_directory(self.node.name), ignore_errors=True)
