"""A real Open vSwitch with a dummy datapath, and a controller process, for tests without root."""

from __future__ import annotations

import os
import queue
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
PATIENCE_S = 5.0

Event = Mapping[str, Any]


def missing() -> str:
    """Why no dummy switch can run here; empty if one can."""
    lacking = [name for name in BINARIES if not shutil.which(name)] + ([] if SCHEMA.exists() else [str(SCHEMA)])
    return f"Open vSwitch is not installed: no {', '.join(lacking)}" if lacking else ""


class DummySwitch:
    """Daemons of its own in `directory`; `bridges` is how many bridges, with datapath ids from 1 on."""

    def __init__(self, directory: Path, bridges: int = 1, controller: Path | None = None) -> None:
        self.directory = directory
        directory.mkdir(exist_ok=True)
        self._environment = {**os.environ, "OVS_RUNDIR": str(directory), "OVS_LOGDIR": str(directory)}
        self._run("ovsdb-tool", "create", str(directory / "conf.db"), str(SCHEMA))
        self._daemons = {}
        self._spawn("ovsdb-server", "conf.db", "--remote=punix:db.sock")
        self._run("ovs-vsctl", "--no-wait", "init")
        self.start()
        for number in range(1, bridges + 1):
            self._add_bridge(number, controller)

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

    def diff(self, bridge: str, lines: Iterable[str]) -> str:
        """How the switch differs from these lines (table numbers, not names); empty if it does not."""
        command = ["ovs-ofctl", "-O", "OpenFlow14", "diff-flows", bridge, "-"]
        text = "\n".join(lines) + "\n"
        done = subprocess.run(
            command, input=text, env=self._environment, cwd=self.directory, capture_output=True, text=True, check=False
        )
        assert done.returncode in (0, 2), done.stderr
        return done.stdout

    def flows(self, bridge: str = "br0") -> list[str]:
        """The rules of a bridge without their counters."""
        return self.ofctl("--no-stats", "--no-names", "dump-flows", bridge).splitlines()

    def management(self, bridge: str = "br0") -> str:
        """Where the bridge takes OpenFlow connections."""
        return str(self.directory / f"{bridge}.mgmt")

    def _add_bridge(self, number: int, controller: Path | None) -> None:
        name = f"br{number - 1}"
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
        command = [name, *arguments, f"--unixctl={self.directory / name}.ctl", "-vconsole:off", f"--log-file={name}.log"]
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

    def __init__(self, directory: Path) -> None:
        self.listens = directory / "openflow.sock"
        self._events: queue.Queue[Event] = queue.Queue()
        self.heard: list[Event] = []
        self.start()

    def start(self) -> None:
        """A new process runs; it knows nothing."""
        ours, theirs = socket.socketpair()
        command = [sys.executable, "-m", "sdn.controller", "--listen", str(self.listens)]
        self.process = subprocess.Popen(
            [*command, "--control", str(theirs.fileno())], pass_fds=[theirs.fileno()]
        )
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
        """The next event of that kind that is accepted; queue.Empty if none comes."""
        while True:
            event = self._events.get(timeout=PATIENCE_S)
            self.heard.append(event)
            if event["event"] == kind and accept(event):
                return event
