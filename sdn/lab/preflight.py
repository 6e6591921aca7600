"""What a lab needs of the machine, looked at before anything is started."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from sdn.errors import MachineError
from sdn.ovs.daemon import check_installed, search_path

TUN = Path("/dev/net/tun")


def check_machine() -> None:
    """Raise MachineError, with what mends it, unless a lab can run here."""
    check_installed()
    for program, package in (("nft", "nftables"), ("ip", "iproute2"), ("nsenter", "util-linux")):
        if shutil.which(program, path=search_path()) is None:
            raise MachineError(f"{program} is not installed", f"sudo apt-get install {package}")
    if not TUN.exists():
        raise MachineError(f"{TUN} is missing: the kernel has no tun devices", "sudo modprobe tun")
    if not os.access(TUN, os.R_OK | os.W_OK):
        raise MachineError(f"{TUN} is closed to ordinary users", f"sudo chmod 0666 {TUN}   (or run sdn as root)")


def kernel_datapath() -> bool:
    """Whether the kernel's openvswitch module is loaded."""
    return Path("/sys/module/openvswitch").is_dir()


def choose_datapath(asked: str) -> str:
    """`kernel` or `userspace`; `auto` takes the kernel's if its module is there.

    Raises:
        MachineError: the kernel's was asked for and is not there.
    """
    if asked == "kernel" and not kernel_datapath():
        raise MachineError("the kernel's openvswitch module is not loaded", "sudo modprobe -a openvswitch vport-vxlan")
    if asked == "auto":
        return "kernel" if kernel_datapath() else "userspace"
    return asked
