"""The VNID of each namespace: what keeps tenants apart, and what VXLAN carries between nodes.

0 is global and belongs to `default`; 1 to 9 are reserved; the rest run to 2^24 - 1 as in OpenShift. OpenShift draws
them at random; here they come from the name, so that the same files give the same rules.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

from sdn.model import Mode, Namespace

GLOBAL = 0
FIRST = 10
LAST = (1 << 24) - 1


def assign_vnids(namespaces: Iterable[Namespace], mode: Mode) -> dict[str, int]:
    """The VNID of each namespace by name; all are global in Subnet mode."""
    names = sorted(namespace.name for namespace in namespaces)
    if mode is Mode.SUBNET:
        return dict.fromkeys(names, GLOBAL)
    vnids: dict[str, int] = {}
    taken = {GLOBAL}
    for name in names:
        vnid = GLOBAL if name == "default" else _wanted(name)
        while name != "default" and vnid in taken:
            vnid = FIRST if vnid == LAST else vnid + 1
        taken.add(vnid)
        vnids[name] = vnid
    return vnids


def _wanted(name: str) -> int:
    return FIRST + int.from_bytes(sha256(name.encode()).digest()[:4]) % (LAST - FIRST + 1)
