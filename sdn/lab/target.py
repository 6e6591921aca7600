"""Where a command shall run: a pod, a node, a host outside, or the lab itself."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path

from sdn.errors import InputError, LabError
from sdn.lab.find import Lab, inside
from sdn.lab.paths import NETNS
from sdn.lab.tools import BIN
from sdn.ovs.daemon import NODES


def space_of(lab: Lab, target: str) -> str:
    """The network namespace that TARGET means: `POD`, `NAMESPACE/POD`, `node/NAME`, `host/NAME`.

    Raises:
        InputError: there is no such thing; names the nearest.
    """
    kind, _, name = target.rpartition("/")
    space = name if kind in ("node", "host") else f"{kind or 'default'}_{name}"
    targets = {
        space: _target(lab, space) for space in sorted(entry.name for entry in inside(lab.root, NETNS).iterdir())
    }
    if targets.get(space) == _full(target):
        return space
    same = [full for full in targets.values() if full.rpartition("/")[2] == name]
    near = same or get_close_matches(_full(target), targets.values(), 1, cutoff=0.4)
    hint = f"; nearest: {near[0]}" if near else ""
    raise InputError(f"nothing called {target} in lab {lab.name}{hint} (POD, NAMESPACE/POD, node/NAME or host/NAME)")


def _full(target: str) -> str:
    return target if "/" in target else f"default/{target}"


def _target(lab: Lab, space: str) -> str:
    """What to call a namespace: the inverse of `space_of`."""
    if "_" in space:
        return space.replace("_", "/")
    is_node = inside(lab.root, NODES / space).is_dir()
    return f"node/{space}" if is_node else f"host/{space}"


def enter(lab: Lab, space: str | None, command: Sequence[str], env: Mapping[str, str]) -> None:
    """Become the command, in the lab's namespaces and, with `space`, in that network namespace.

    Does not return. nsenter(1) opens everything before it moves, so the paths are those of the host.

    Raises:
        LabError: the lab is another user's: root would run that user's files as root.
    """
    if lab.uid != os.geteuid():
        raise LabError(f"lab {lab.name} belongs to user {lab.uid}; become that user to enter it")
    words = ["nsenter", f"--target={lab.pid}", "--mount", "--pid", "--ipc", "--uts"]
    if os.geteuid() != 0:
        words += ["--user", "--preserve-credentials"]
    words.append(f"--net={lab.namespace(space)}" if space else "--net")
    here = Path.cwd()
    words += [f"--wdns={here if inside(lab.root, here).is_dir() else '/'}", "--", *command]
    os.execvpe(words[0], words, dict(env))


def environment(lab: Lab, space: str | None) -> dict[str, str]:
    """The environment inside: Open vSwitch's commands find the switch of the node that they run in."""
    path = os.pathsep.join([str(BIN), "/usr/local/sbin", "/usr/sbin", "/sbin", os.environ.get("PATH", os.defpath)])
    prompt = f"[{lab.name} {_target(lab, space) if space else 'lab'}] \\w# "
    return {**os.environ, "PATH": path, "PS1": prompt, "SDN_LAB": lab.name}
