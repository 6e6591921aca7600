"""A node's ovsdb-server and ovs-vswitchd: private ones, in the node's namespace, with a run directory of their own."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from sdn.errors import LabError, MachineError
from sdn.host.process import start
from sdn.host.space import Spaces

NODES = Path("/run/sdn/nodes")
OPENFLOW = Path("/run/sdn/openflow.sock")
SCHEMA = Path("/usr/share/openvswitch/vswitch.ovsschema")
_INSTALL = "sudo apt-get install openvswitch-switch"


def run_directory(node: str) -> Path:
    """Where a node's switch keeps its database and sockets (its OVS_RUNDIR)."""
    return NODES / node


def environment(node: str) -> dict[str, str]:
    """The environment in which Open vSwitch's commands speak to that node's switch."""
    directory = str(run_directory(node))
    return {**os.environ, "OVS_RUNDIR": directory, "OVS_LOGDIR": directory, "OVS_DBDIR": directory}


def database_socket(node: str) -> Path:
    """The node's OVSDB."""
    return run_directory(node) / "db.sock"


def controller_socket(node: str) -> Path:
    """Where the node's switch looks for the controller: ovs-vswitchd connects to sockets of its own directory only."""
    return run_directory(node) / "openflow.sock"


def switch_control(node: str) -> Path:
    """The unixctl socket of the node's ovs-vswitchd."""
    return run_directory(node) / "ovs-vswitchd.ctl"


def check_installed() -> None:
    """Raise MachineError, with what mends it, unless Open vSwitch is there."""
    for program in ("ovsdb-server", "ovs-vswitchd", "ovs-vsctl", "ovs-ofctl", "ovsdb-tool"):
        if shutil.which(program, path=search_path()) is None:
            raise MachineError(f"Open vSwitch is not installed ({program} is missing)", _INSTALL)
    if not SCHEMA.exists():
        raise MachineError(f"Open vSwitch's database schema is missing ({SCHEMA})", _INSTALL)


def search_path() -> str:
    """PATH with the directories of system programs, which an ordinary user's often lacks."""
    return os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/local/sbin", "/usr/sbin", "/sbin"])


def empty_database(path: Path) -> None:
    """An empty Open vSwitch database, to be copied for each node."""
    run_tool(["ovsdb-tool", "create", str(path), str(SCHEMA)])


def run_tool(command: list[str], env: Mapping[str, str] | None = None) -> str:
    """Run one of Open vSwitch's commands; LabError with its words if it fails."""
    done = subprocess.run(command, capture_output=True, text=True, env=env, check=False)
    if done.returncode != 0:
        raise LabError(f"{' '.join(command[:2])} failed ({done.returncode}): {done.stderr.strip()}")
    return done.stdout


def copy_database(node: str, empty: Path) -> None:
    """The node has a run directory, with a copy of the empty database and the way to the controller."""
    directory = run_directory(node)
    directory.mkdir(parents=True)
    shutil.copy(empty, directory / "conf.db")
    controller_socket(node).symlink_to(OPENFLOW)


def start_database(spaces: Spaces, node: str) -> subprocess.Popen[bytes]:
    """Start the node's ovsdb-server on its database; it answers."""
    database_socket(node).unlink(missing_ok=True)
    words = ["ovsdb-server", str(run_directory(node) / "conf.db"), f"--remote=punix:{database_socket(node)}"]
    process = _start(spaces, node, words)
    wait_for_socket(database_socket(node), process)
    return process


def start_switch(spaces: Spaces, node: str) -> subprocess.Popen[bytes]:
    """Start the node's ovs-vswitchd; it takes its bridges and ports from the database."""
    return _start(spaces, node, ["ovs-vswitchd", f"unix:{database_socket(node)}"])


def _start(spaces: Spaces, node: str, command: list[str]) -> subprocess.Popen[bytes]:
    """Start a daemon; its control socket has a name that we know, and the one where ovs-appctl looks."""
    name, directory = command[0], run_directory(node)
    control = directory / f"{name}.ctl"
    for old in directory.glob(f"{name}*.ctl"):
        old.unlink()
    options = [f"--unixctl={control}", f"--pidfile={directory / name}.pid", "-vconsole:warn"]
    process = start(spaces, node, [*command, *options], directory / f"{name}.log", env=environment(node))
    (directory / f"{name}.{process.pid}.ctl").symlink_to(control)
    return process


def wait_for_socket(path: Path, process: subprocess.Popen[bytes], timeout_s: float = 10.0) -> None:
    """Return once somebody listens at `path`.

    Raises:
        LabError: the process ended, or nobody listened within `timeout_s`.
    """
    deadline = time.monotonic() + timeout_s
    while True:
        with socket.socket(socket.AF_UNIX) as probe:
            if probe.connect_ex(str(path)) == 0:
                return
        if process.poll() is not None:
            raise LabError(f"{path.stem}: the daemon ended with status {process.returncode}; see {path.parent}/*.log")
        if time.monotonic() > deadline:
            raise LabError(f"{path}: nobody listened within {timeout_s:g} s")
        time.sleep(0.001)
