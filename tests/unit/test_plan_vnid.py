"""VNIDs where names want the same one."""

from __future__ import annotations

import pytest

from sdn.model import Mode, Namespace
from sdn.plan.vnid import assign_vnids

# of 2^24, so many that 43 want one that is taken
NAMESPACES = [Namespace("default"), *(Namespace(f"team-{number}") for number in range(35_000))]


@pytest.mark.parametrize("mode", [Mode.MULTITENANT, Mode.NETWORK_POLICY])
def test_each_has_its_own_whatever_the_order(mode: Mode) -> None:
    vnids = assign_vnids(NAMESPACES, mode)
    assert len(set(vnids.values())) == len(NAMESPACES)
    assert vnids["default"] == 0
    assert all(10 <= vnid < 1 << 24 for name, vnid in vnids.items() if name != "default")
    assert assign_vnids(NAMESPACES[::-1], mode) == vnids


def test_all_are_global_in_subnet_mode() -> None:
    assert set(assign_vnids(NAMESPACES[:9], Mode.SUBNET).values()) == {0}
