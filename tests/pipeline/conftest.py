"""The topologies' plans, the tables, and one dummy switch for all tests."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from sdn.pipeline import Tables, load_tables

from . import dummy
from .bridges import Bridges


@pytest.fixture(scope="session")
def tables() -> Tables:
    return load_tables()


@pytest.fixture(scope="session")
def switch() -> Iterator[dummy.Switch]:
    if dummy.MISSING:
        pytest.skip(dummy.REASON)
    with tempfile.TemporaryDirectory(prefix="ovs") as directory, dummy.running(Path(directory)) as running:
        yield running


@pytest.fixture(scope="session")
def bridges(switch: dummy.Switch, tables: Tables) -> Bridges:
    return Bridges(switch, tables)
