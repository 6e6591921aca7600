"""An ordinary user: the same commands, the same result."""

from __future__ import annotations

import json
import os

import pytest

from tests.net.labs import TOPOLOGIES
from tests.support.ordinary import OrdinaryUser

pytestmark = pytest.mark.root


@pytest.fixture
def user(ordinary_user: OrdinaryUser):
    """An ordinary user with a lab of his own, as which he takes it down."""
    name = f"rootless-{os.getpid()}"
    up = ordinary_user.run(ordinary_user.sdn, "up", "-l", name, str(TOPOLOGIES / "two-node.yaml"))
    assert up.returncode == 0, up.stderr
    yield lambda *words: ordinary_user.run(ordinary_user.sdn, words[0], "-l", name, *words[1:])
    down = ordinary_user.run(ordinary_user.sdn, "down", "-l", name)
    assert down.returncode == 0, down.stderr
    assert ordinary_user.processes() == []


def test_everything_works_as_it_does_for_root(user) -> None:
    verify = user("verify", "-o", "json")
    assert verify.returncode == 0, verify.stdout + verify.stderr
    assert json.loads(verify.stdout)["ok"] is True
    answer = user("exec", "d", "--", "curl", "-s", "-m", "5", "http://203.0.113.10/")
    assert json.loads(answer.stdout)["client"] == "10.252.7.21"
    assert user("flows", "node1", "--diff").returncode == 0
    assert "br0" in user("exec", "node/node1", "--", "ovs-vsctl", "list-br").stdout
    assert user("status").returncode == 0


def test_doctor_finds_that_a_lab_can_run(ordinary_user: OrdinaryUser) -> None:
    findings = json.loads(ordinary_user.run(ordinary_user.sdn, "doctor", "-o", "json").stdout)["findings"]
    assert {finding["what"]: finding["ok"] for finding in findings if finding["needed"]}["namespaces"]
