"""Network namespaces by name, where `ip netns` looks for them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sdn.host import kernel

NETNS = Path("/run/netns")


class Spaces:
    """The network namespaces of one lab, each held by a name in /run/netns and an open file.

    Only to be used inside a lab, whose /run is its own.
    """

    def __init__(self) -> None:
        NETNS.mkdir(parents=True, exist_ok=True)
        self._home = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        self._fds: dict[str, int] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._fds

    def fd(self, name: str) -> int:
        """The open namespace of that name."""
        return self._fds[name]

    def make(self, name: str, sysctls: Iterable[tuple[str, str]] = ()) -> None:
        """Make a namespace; its sysctls are set before anything else is in it."""
        path = NETNS / name
        path.touch(mode=0o444)
        kernel.unshare(kernel.CLONE_NEWNET)
        try:
            kernel.mount("/proc/thread-self/ns/net", str(path), flags=kernel.MS_BIND)
            self._fds[name] = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            for key, value in sysctls:
                # ours alone: /proc/sys/net shows the namespace of the thread that looks
                knob = Path("/proc/sys", key)
                if knob.exists() or not key.startswith("net/ipv6/"):  # a kernel may have no IPv6 at all
                    knob.write_text(value)
        finally:
            kernel.setns(self._home, kernel.CLONE_NEWNET)

    def remove(self, name: str) -> None:
        """Let go of a namespace; the kernel ends it when nothing else holds it."""
        os.close(self._fds.pop(name))
        kernel.unmount(str(NETNS / name))
        (NETNS / name).unlink()

    @contextmanager
    def inside(self, name: str) -> Iterator[None]:
        """The calling thread is in the namespace; what it opens or starts stays there."""
        kernel.setns(self._fds[name], kernel.CLONE_NEWNET)
        try:
            yield
        finally:
            kernel.setns(self._home, kernel.CLONE_NEWNET)
