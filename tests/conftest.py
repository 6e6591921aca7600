"""What all tests share: their order, what they need of the machine, and that the machine is as it was afterwards."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support import machine, ordinary

TESTS = Path(__file__).parent
settings.register_profile("sdn", deadline=None)  # a busy machine is not a fault
settings.load_profile("sdn")
ORDER = ("unit", "fuzz", "pipeline", "net", "chaos", "docs", "kernel")  # the fast first


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The fast tests come first; what this machine cannot run is skipped with the reason."""
    items.sort(key=_rank)
    for item in items:
        for mark, reason in (("root", _no_root()), ("kernel", _no_kernel_datapath())):
            if reason and item.get_closest_marker(mark):
                item.add_marker(pytest.mark.skip(reason=reason))


def _rank(item: pytest.Item) -> int:
    folder = item.path.relative_to(TESTS).parts[0]
    return ORDER.index(folder) if folder in ORDER else -1


def _no_root() -> str:
    return "" if os.geteuid() == 0 else "needs root; run scripts/test as root"


def _no_kernel_datapath() -> str:
    loaded = Path("/sys/module/openvswitch").is_dir()
    return (
        ""
        if loaded
        else "the kernel's openvswitch module is not loaded; scripts/test-kernel boots a kernel that has it"
    )


@pytest.fixture(scope="session", autouse=True)
def _harmless() -> Iterator[None]:
    """After all tests the machine is as it was, and nothing that they started runs."""
    run = uuid.uuid4().hex
    machine.mark(run)
    before = machine.state()
    yield
    left = [f"still runs: {process}" for process in machine.marked(run)]
    wrong = machine.differences(before, machine.state()) + left
    assert not wrong, "the tests changed this machine:\n" + "\n".join(wrong)


@pytest.fixture
def ordinary_user() -> Iterator[ordinary.OrdinaryUser]:
    """A user who is not root; afterwards he runs nothing any more, and it is a fault if he had to be made to stop."""
    user = ordinary.arrive()
    try:
        yield user
    finally:
        left = ordinary.leave(user)
    assert not left, f"processes of the ordinary user that were left behind: {left}"
