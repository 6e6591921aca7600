"""What this machine can do for a lab, tried rather than guessed where trying is harmless."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from sdn.errors import MachineError
from sdn.host.isolate import isolate
from sdn.lab.preflight import TUN, kernel_datapath
from sdn.ovs.daemon import check_installed, search_path


@dataclass(frozen=True)
class Finding:
    """One thing looked at. A lab cannot run without what is `needed`; `remedy` is the command that mends it."""

    what: str
    ok: bool
    found: str
    remedy: str = ""
    needed: bool = True

    def as_json(self) -> dict[str, object]:
        """As `-o json` prints it."""
        return asdict(self)


def examine() -> list[Finding]:
    """Every finding, in the order in which a lab would miss it."""
    return [
        _open_vswitch(),
        *(_program(*wanted) for wanted in (("nft", "nftables"), ("ip", "iproute2"), ("nsenter", "util-linux"))),
        _namespaces(),
        *_tun(),
        _kernel_datapath(),
        *_features(),
    ]


def _open_vswitch() -> Finding:
    try:
        check_installed()
    except MachineError as error:
        return Finding("Open vSwitch", False, str(error).splitlines()[0], error.remedy)
    done = subprocess.run(["ovs-vswitchd", "--version"], capture_output=True, text=True, env=_env(), check=False)
    return Finding("Open vSwitch", True, done.stdout.splitlines()[0].split()[-1])


def _program(name: str, package: str) -> Finding:
    path = shutil.which(name, path=search_path())
    return Finding(name, path is not None, path or "not installed", f"sudo apt-get install {package}")


def _namespaces() -> Finding:
    who = "as root" if os.geteuid() == 0 else "as an ordinary user (rootless)"
    try:
        made = isolate([shutil.which("true") or "/bin/true"])
    except MachineError as error:
        remedy = "" if os.geteuid() == 0 else _userns_remedy()
        found = f"cannot be made {who}: {str(error).splitlines()[0]}"
        return Finding("namespaces", False, found, remedy or "run in a privileged container")
    os.waitpid(made.shim, 0)
    return Finding("namespaces", True, f"can be made {who}")


def _userns_remedy() -> str:
    for knob in ("kernel.apparmor_restrict_unprivileged_userns=0", "kernel.unprivileged_userns_clone=1"):
        path = Path("/proc/sys", knob.partition("=")[0].replace(".", "/"))
        if path.exists() and path.read_text().strip() != knob.partition("=")[2]:
            return f"sudo sysctl -w {knob}"
    return "sudo sysctl -w user.max_user_namespaces=10000"


def _tun() -> Iterator[Finding]:
    if not TUN.exists():
        yield Finding("tun devices", False, f"{TUN} is missing", "sudo modprobe tun")
        return
    if os.access(TUN, os.R_OK | os.W_OK):
        yield Finding("tun devices", True, f"{TUN} can be opened")
    else:
        yield Finding("tun devices", False, f"{TUN} is closed to this user", f"sudo chmod 0666 {TUN}")
    if os.geteuid() == 0:
        for_all = TUN.stat().st_mode & 0o006 == 0o006
        found = "open to ordinary users" if for_all else "closed to ordinary users"
        yield Finding("rootless labs", for_all, f"{TUN} is {found}", f"chmod 0666 {TUN}", needed=False)


def _kernel_datapath() -> Finding:
    loaded = kernel_datapath()
    found = "the openvswitch module is loaded" if loaded else "the openvswitch module is not loaded; userspace is used"
    return Finding("kernel datapath", loaded, found, "sudo modprobe -a openvswitch vport-vxlan", needed=False)


def _features() -> Iterator[Finding]:
    nftables = Path("/proc/sys/net/netfilter").is_dir()
    yield Finding("netfilter", nftables, "there" if nftables else "missing", "sudo modprobe -a nf_tables nf_conntrack")
    for program, package in (("tcpdump", "tcpdump"), ("curl", "curl")):
        path = shutil.which(program, path=search_path())
        yield Finding(
            program, path is not None, path or "not installed", f"sudo apt-get install {package}", needed=False
        )


def _env() -> dict[str, str]:
    return {**os.environ, "PATH": search_path()}
