"""Processes of a lab: started in a namespace, watched by a pidfd."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from sdn.errors import LabError
from sdn.host.space import Spaces


def start(
    spaces: Spaces,
    space: str | None,
    command: Sequence[str],
    log: Path,
    pass_fds: Sequence[int] = (),
    stdin: int = subprocess.DEVNULL,
    env: Mapping[str, str] | None = None,
) -> subprocess.Popen[bytes]:
    """Start a daemon in a namespace (None: the lab's own); what it says goes to the end of `log`."""
    with log.open("ab") as output:
        arguments = {"stdin": stdin, "stdout": output, "stderr": output, "pass_fds": tuple(pass_fds), "env": env}
        if space is None:
            return subprocess.Popen(command, **arguments)  # type: ignore[call-overload,no-any-return]
        with spaces.inside(space):
            return subprocess.Popen(command, **arguments)  # type: ignore[call-overload,no-any-return]


def run(
    spaces: Spaces,
    space: str | None,
    command: Sequence[str],
    text: str = "",
    timeout_s: float = 120.0,
    env: Mapping[str, str] | None = None,
) -> str:
    """Run a command in a namespace to its end and return what it printed.

    Raises:
        LabError: it failed, or took longer than `timeout_s`; with the command and its words.
    """
    if space is None:
        child = _popen(command, env)
    else:
        with spaces.inside(space):
            child = _popen(command, env)
    try:
        out, err = child.communicate(text, timeout=timeout_s)
    except subprocess.TimeoutExpired as error:
        child.kill()
        child.communicate()
        raise LabError(f"{' '.join(command[:3])} … did not end within {timeout_s:g} s") from error
    if child.returncode != 0:
        raise LabError(f"{' '.join(command[:3])} … failed ({child.returncode}): {err.strip() or out.strip()}")
    return out


def _popen(command: Sequence[str], env: Mapping[str, str] | None) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env
    )


def load_filter(spaces: Spaces, space: str, ruleset: str) -> None:
    """The namespace's nftables rules are those of `ruleset`, a complete one."""
    run(spaces, space, ["nft", "-f", "-"], f"flush ruleset\n{ruleset}")


def end(process: subprocess.Popen[bytes]) -> None:
    """The process is gone: killed, if it still ran, and waited for by its pidfd."""
    if process.poll() is None:
        process.kill()
        process.wait()


def pidfd(pid: int) -> int:
    """An open reference to a process, readable when it has ended."""
    return os.pidfd_open(pid)
