"""Namespaces of their own for the peers, which would otherwise change the machine's network."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

# What Mininet would set for the whole machine is closed to it; it goes on without.
_ENTER = """\
set -e
mount -t sysfs none /sys
for directory in /run /tmp; do mount -t tmpfs none $directory; done
for part in fs kernel vm net/core; do
    mount --bind /proc/sys/$part /proc/sys/$part
    mount -o remount,bind,ro /proc/sys/$part
done
ip link set lo up
echo ready
exec cat
"""
_SWITCH_SETTINGS = ("n-handler-threads=1", "n-revalidator-threads=1", "stats-update-interval=60000")  # as a lab's
_SCHEMA = "/usr/share/openvswitch/vswitch.ovsschema"


class Enclosure:
    """Own network, mount and pid namespaces, with an empty /run and /tmp. All in it ends with it, or with us."""

    def __init__(self) -> None:
        command = ["unshare", "--net", "--mount", "--pid", "--fork", "--mount-proc", "sh", "-c", _ENTER]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if self._process.stdout is None or self._process.stdout.readline() != "ready\n":
            raise RuntimeError("cannot make namespaces for the peers (needs root)")
        (self.pid,) = map(int, Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split())

    def __enter__(self) -> Enclosure:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()  # its process 1 reads from us: nothing more comes, so it ends, and all with it

    def words(self, command: Sequence[str], netns: str = "") -> list[str]:
        """The command, to be run in here; `netns` is one that was made in here by `ip netns`."""
        inside = ["ip", "netns", "exec", netns] if netns else []
        return ["nsenter", f"--target={self.pid}", "--net", "--mount", "--pid", "--wd=/", "--", *inside, *command]

    def run(self, *command: str, netns: str = "", env: Mapping[str, str] | None = None, text: str = "") -> str:
        """What the command printed.

        Raises:
            RuntimeError: it failed; with its words.
        """
        done = subprocess.run(
            self.words(command, netns), input=text, env=env, capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)}: {done.stderr or done.stdout}")
        return done.stdout

    def start(self, *command: str, netns: str = "") -> subprocess.Popen[str]:
        """The command, running; both its streams can be read, and its standard input written."""
        streams: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        return subprocess.Popen(self.words(command, netns), text=True, **streams)

    def start_switch(self, directory: str, netns: str = "") -> None:
        """An Open vSwitch without bridges runs, set as a lab's are; its database and sockets are in `directory`."""
        database, socket = f"{directory}/conf.db", f"{directory}/db.sock"
        quiet = ["--detach", "--no-chdir", "--pidfile", "-vsyslog:off", "-vconsole:off"]
        env = switch_environment(directory)
        self.run("mkdir", "-p", directory)
        self.run("ovsdb-tool", "create", database, _SCHEMA)
        self.run("ovsdb-server", database, f"--remote=punix:{socket}", *quiet, netns=netns, env=env)
        settings = [f"other_config:{setting}" for setting in _SWITCH_SETTINGS]
        self.run("ovs-vsctl", "--no-wait", "init", "--", "set", "Open_vSwitch", ".", *settings, env=env)
        self.run("ovs-vswitchd", f"unix:{socket}", "--disable-system", *quiet, netns=netns, env=env)


def switch_environment(directory: str) -> dict[str, str]:
    """The environment in which Open vSwitch's commands speak to the switch of that directory."""
    path = "/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin"
    return {"PATH": path, "OVS_RUNDIR": directory, "OVS_LOGDIR": directory, "OVS_DBDIR": directory}
