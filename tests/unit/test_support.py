"""The tests' own instruments see what they must."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import machine, ordinary


@pytest.mark.root
def test_the_ordinary_user_can_run_sdn_and_open_tun_but_is_not_root(ordinary_user: ordinary.OrdinaryUser) -> None:
    code = "import os; os.close(os.open('/dev/net/tun', os.O_RDWR)); print(os.getuid(), os.getgroups())"
    done = ordinary_user.run(sys.executable, "-c", code)
    assert (done.stdout.strip(), done.stderr) == (f"{ordinary_user.uid} []", "")
    assert ordinary_user.run("sh", "-c", f"{ordinary_user.sdn} --version").returncode == 0
    assert ordinary_user.run("touch", str(Path(ordinary.TOP, "setup.cfg"))).returncode != 0
    assert ordinary_user.run("sh", "-c", "touch ~/mine").returncode == 0


@pytest.mark.root
def test_the_ordinary_user_may_make_networks_of_his_own(ordinary_user: ordinary.OrdinaryUser) -> None:
    done = ordinary_user.run("unshare", "--user", "--map-root-user", "--net", "ip", "-o", "link")
    assert done.returncode == 0, done.stderr
    assert "lo" in done.stdout


def test_the_state_of_the_machine_is_the_same_twice() -> None:
    assert machine.differences(machine.state(), machine.state()) == []


@pytest.mark.root
@pytest.mark.parametrize(
    ("change", "what"),
    [
        ("ip link add name probe0 type bridge", "interfaces"),
        ("ip address add 192.0.2.1/32 dev lo", "addresses"),
        ("ip link set lo up; ip route add 192.0.2.0/24 dev lo", "routes"),
        ("ip rule add to 192.0.2.0/24 table 7", "routing rules"),
        ("nft add table ip probe", "nft rules"),
        ("mkdir -p /run/netns; touch /run/netns/probe", "names of network namespaces"),
        ("mount -t tmpfs none /mnt", "mounts"),
        ("mkdir -p /run/openvswitch; touch /run/openvswitch/probe", "open vswitch"),
        ("echo 1 >/proc/sys/net/ipv4/conf/all/proxy_arp", "sysctls"),
    ],
)
def test_a_change_of_the_machine_is_seen(change: str, what: str) -> None:
    look = f"""
import subprocess
from tests.support import machine
before = machine.state()
subprocess.run(["sh", "-c", {change!r}], check=True)
print(*{{line.split(":")[0] for line in machine.differences(before, machine.state())}}, sep=",")
"""
    isolated = 'mount -t tmpfs none /run && exec "$@"'
    done = subprocess.run(
        ["unshare", "--net", "--mount", "sh", "-c", isolated, "sh", sys.executable, "-c", look],
        env={**os.environ, "PYTHONPATH": str(ordinary.TOP)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert what in done.stdout.strip().split(",")


def test_a_process_that_was_left_is_seen() -> None:
    run = os.environ["SDN_TEST_RUN"]
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        assert any(line.startswith(f"{child.pid} ") for line in machine.marked(run))
    finally:
        child.communicate()
