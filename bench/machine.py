"""The machine that the figures come from, and what this run needs of it."""

from __future__ import annotations

import os
import platform
import shutil
from pathlib import Path

from bench.labs import run

_NEEDED = {"mn": "mininet", "iperf3": "iperf3", "ethtool": "ethtool", "ovs-vswitchd": "openvswitch-switch"}


def describe() -> dict[str, str]:
    """What a reader must know of it to compare."""
    release = platform.freedesktop_os_release()
    return {
        "cpu": f"{_cpu()}, {len(os.sched_getaffinity(0))} cores",
        "system": f"{release['PRETTY_NAME']}, kernel {platform.release()}, Python {platform.python_version()}",
        "switch": f"{run('ovs-vswitchd', '--version').splitlines()[0]}, userspace datapath",
        "load": " ".join(f"{load:.2f}" for load in os.getloadavg()),
    }


def missing() -> list[str]:
    """What has to be mended before anything can be measured."""
    packages = [package for program, package in _NEEDED.items() if not shutil.which(program)]
    faults = [f"apt-get install {' '.join(packages)}"] if packages else []
    return faults + ([] if os.geteuid() == 0 else ["the peers need root"])


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
