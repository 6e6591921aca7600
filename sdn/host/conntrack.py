"""The kernel's connection tracking in a network namespace."""

from __future__ import annotations

from ipaddress import IPv4Address

from pyroute2 import Conntrack


def forget(ip: IPv4Address) -> int:
    """No connection from or to `ip` is tracked any more in the calling thread's namespace; how many there were."""
    address, count = str(ip), 0
    with Conntrack() as table:
        for entry in list(table.dump_entries()):
            ends = (entry.tuple_orig.saddr, entry.tuple_orig.daddr, entry.tuple_reply.saddr, entry.tuple_reply.daddr)
            if address in map(str, ends):
                table.entry("del", tuple_orig=entry.tuple_orig)
                count += 1
    return count
