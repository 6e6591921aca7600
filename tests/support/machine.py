"""The state of this machine that a lab must never touch, as text that can be compared."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

# What changes by itself: how long an address or a route still holds, and how many connections are tracked.
_AGEING = re.compile(r" (valid_lft|preferred_lft|expires) \S+")
_MOVING_SYSCTLS = re.compile(r"nf_conntrack_count$|/fs/|/random")
_SWITCH = re.compile(rb"ovs-vswitchd|ovsdb-server")
_MARK = "SDN_TEST_RUN"

State = Mapping[str, frozenset[str]]


def state() -> State:
    """Interfaces, addresses, routes, rules, names of namespaces, mounts, sysctls and switches of this very machine."""
    return {
        "interfaces": _output("ip", "-o", "link"),
        "addresses": _output("ip", "-o", "address"),
        "routes": _output("ip", "route", "show", "table", "all") | _output("ip", "-6", "route", "show", "table", "all"),
        "routing rules": _output("ip", "rule"),
        "nft rules": _output("nft", "--stateless", "list", "ruleset"),
        "names of network namespaces": frozenset(_names(Path("/run/netns"))),
        "mounts": frozenset(_mounts()),
        "sysctls": frozenset(_sysctls(Path("/proc/sys/net"))),
        "open vswitch": frozenset(_names(Path("/run/openvswitch"))),
    }


def differences(before: State, after: State) -> list[str]:
    """One line for each thing that came or went."""
    return [
        f"{what}: {sign} {line}"
        for what in before
        for sign, lines in (("came", after[what] - before[what]), ("gone", before[what] - after[what]))
        for line in sorted(lines)
    ]


def mark(run: str) -> None:
    """This process's children, and theirs, can be told from all others by `marked`."""
    os.environ[_MARK] = run


def marked(run: str) -> list[str]:
    """The processes, but this one, that come from the run of that mark: `pid command`."""
    wanted = f"{_MARK}={run}".encode()
    found = []
    for process in Path("/proc").iterdir():
        if not process.name.isdigit() or int(process.name) == os.getpid():
            continue
        with suppress(OSError):
            if wanted in (process / "environ").read_bytes().split(b"\0"):
                found.append(f"{process.name} {(process / 'cmdline').read_bytes().decode().replace(chr(0), ' ')}")
    return found


def _output(*command: str) -> frozenset[str]:
    if shutil.which(command[0], path=os.environ["PATH"] + ":/usr/sbin:/sbin") is None:
        return frozenset()
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env={"PATH": "/usr/sbin:/sbin:/usr/bin:/bin"}
    )
    return frozenset(_AGEING.sub("", line) for line in done.stdout.splitlines())


def _names(folder: Path) -> Iterator[str]:
    if folder.is_dir():
        yield from (path.name for path in folder.iterdir())


def _mounts() -> Iterator[str]:
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        yield " ".join(line.split()[3:])


def _sysctls(folder: Path) -> Iterator[str]:
    for path in folder.rglob("*"):
        if path.is_file() and not _MOVING_SYSCTLS.search(str(path)):
            with suppress(OSError):
                yield f"{path.relative_to(folder)} = {path.read_text().strip()}"
