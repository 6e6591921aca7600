"""The scripts and the Vagrantfile are well formed, quick where nothing is to be done, and clear where something is."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
SHELL = [path for path in [*(TOP / "scripts").iterdir(), TOP / ".ci/run"] if b"sh\n" in path.read_bytes()[:12]]


@pytest.mark.parametrize("script", SHELL, ids=lambda path: path.name)
def test_a_shell_reads_it(script: Path) -> None:
    shell = script.read_text().splitlines()[0].removeprefix("#!")
    subprocess.run([shell, "-n", script], check=True)
    assert os.access(script, os.X_OK)


def test_ruby_reads_the_vagrantfile() -> None:
    ruby = shutil.which("ruby")
    if ruby is None:
        pytest.skip("ruby is not installed")
    subprocess.run([ruby, "-c", TOP / "Vagrantfile"], check=True, capture_output=True)


def test_the_vagrantfile_provisions_with_a_script_that_is_there() -> None:
    assert (TOP / "scripts/provision").is_file()
    assert 'path: "scripts/provision"' in (TOP / "Vagrantfile").read_text()
    assert '"$top/scripts/setup"' in (TOP / "scripts/provision").read_text()


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A folder of programs, all that a machine has: stand-ins that say how they were called."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("cat", "dirname", "echo", "env", "sh", "sort", "tr", "xargs"):
        (programs / name).symlink_to(str(shutil.which(name)))
    _program(programs / "python3", 'test "$2" != "import ensurepip"')
    _program(programs / "apt-get", 'echo "apt-get $*" >&2; exit 100')
    _program(programs / "id", "echo 0")
    return programs


def test_what_is_missing_is_asked_of_the_distribution_by_name(machine: Path) -> None:
    done = _setup(machine)
    names = "iproute2 nftables openvswitch-switch python3-venv"
    assert f"apt-get install -q -y --no-install-recommends {names}\n" in done.stderr
    assert done.returncode == 3
    assert f"setup: apt-get could not install: {names}" in done.stderr


def test_what_is_there_is_not_asked_for(machine: Path) -> None:
    for name in ("ip", "ovs-vsctl", "ovs-vswitchd", "ovsdb-server"):
        _program(machine / name, "")
    assert "no-install-recommends nftables python3-venv\n" in _setup(machine).stderr


def test_an_ordinary_user_is_served_by_sudo_and_only_where_something_is_missing(machine: Path) -> None:
    _program(machine / "id", "echo 1000")
    _program(machine / "sudo", 'echo "sudo $*" >&2; "$@"')
    assert "sudo env DEBIAN_FRONTEND=noninteractive apt-get install" in _setup(machine).stderr
    for name in ("ip", "nft", "ovs-vsctl", "ovs-vswitchd", "ovsdb-server"):
        _program(machine / name, "")
    _program(machine / "python3", "case $2 in *3,*) exit 1;; esac")
    assert "sudo" not in _setup(machine).stderr


def test_without_sudo_it_says_what_root_must_do(machine: Path) -> None:
    _program(machine / "id", "echo 1000")
    done = _setup(machine)
    assert done.returncode == 3
    assert "as root: apt-get install iproute2 nftables openvswitch-switch python3-venv\n" in done.stderr
    assert "apt-get update" not in done.stderr


def test_without_apt_it_says_what_is_missing(machine: Path) -> None:
    (machine / "apt-get").unlink()
    done = _setup(machine)
    assert done.returncode == 3
    assert "missing: iproute2 nftables openvswitch-switch python3-venv" in done.stderr


def test_an_old_python_is_refused(machine: Path) -> None:
    for name in ("ip", "nft", "ovs-vsctl", "ovs-vswitchd", "ovsdb-server"):
        _program(machine / name, "")
    _program(machine / "python3", 'test "$1" != --version || echo Python 3.10.1\ncase "$2" in *3,\\ 11*) exit 1;; esac')
    done = _setup(machine)
    assert done.returncode == 3
    assert "needs Python 3.11 or newer; python3 is Python 3.10.1" in done.stderr


def test_an_unknown_option_is_refused(machine: Path) -> None:
    assert _setup(machine, "--tests").returncode == 2


def _program(path: Path, body: str) -> None:
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


def _setup(programs: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The set-up script on a machine that has these programs only. It adds the folders of /usr to the path itself."""
    script = programs.parent / "scripts" / "setup"
    script.parent.mkdir(exist_ok=True)
    text = (TOP / "scripts/setup").read_text()
    assert "PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin\n" in text
    script.write_text(text.replace("PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin\n", ""))
    script.chmod(0o755)
    for name in ("setup.cfg", "pyproject.toml"):
        (programs.parent / name).write_text((TOP / name).read_text())
    return subprocess.run(
        [programs / "sh", script, *arguments],
        env={"PATH": str(programs), "SDN_VENV": str(programs.parent / "venv")},
        capture_output=True,
        text=True,
        check=False,
    )
