"""Whatever is killed whenever, nothing is left on the host within a second."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest

from tests.net.labs import MARK, TOPOLOGIES, processes, running, sdn

pytestmark = pytest.mark.root
SCRIPT = str(Path(__file__).with_name("killed_up.py"))
GONE_S = 1.0
STEPS = 18  # signs of progress of the two-node lab, from its start to just before it is kept
FATAL = ("command", "supervisor", "shim")
DAEMONS = ("ovsdb-server", "ovs-vswitchd", "sdn.controller", "sdn.lab.answer")


def _up(name: str, mark: str, victim: str, step: int, delay_ms: float) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, SCRIPT, name, str(TOPOLOGIES / "two-node.yaml"), victim, str(step), str(delay_ms)]
    root = str(Path(__file__).parents[2])
    return subprocess.run(
        command,
        env={**os.environ, MARK: mark, "PYTHONPATH": root},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def _nothing_is_left(name: str, mark: str) -> None:
    deadline = time.monotonic() + GONE_S
    while left := processes(mark):
        assert time.monotonic() < deadline, [Path(f"/proc/{pid}/cmdline").read_bytes() for pid in left]
        time.sleep(0.005)
    assert name not in sdn("labs").stdout


@pytest.mark.parametrize("step", range(STEPS))
@pytest.mark.parametrize("victim", FATAL)
def test_killed_at_a_step_of_up(victim: str, step: int) -> None:
    name, mark = f"test-{uuid.uuid4().hex[:8]}", uuid.uuid4().hex
    done = _up(name, mark, victim, step, 0)
    if over := bool(done.stdout.strip()):
        sdn("down", "-l", name)
    _nothing_is_left(name, mark)
    # at the last step the lab may be told to stay before the death of the shim, which it then survives, has come
    assert not over or (victim, step) == ("shim", STEPS - 1), "it was up before that step"


def test_there_are_no_more_steps_than_are_tried() -> None:
    name, mark = f"test-{uuid.uuid4().hex[:8]}", uuid.uuid4().hex
    done = _up(name, mark, "nobody", STEPS + 1, 0)
    sdn("down", "-l", name)
    assert done.stdout.split() == [str(STEPS)]
    _nothing_is_left(name, mark)


@pytest.mark.parametrize("attempt", range(12))
def test_killed_at_a_random_moment_of_up(attempt: int) -> None:
    dice = random.Random(attempt)
    name, mark = f"test-{uuid.uuid4().hex[:8]}", uuid.uuid4().hex
    done = _up(name, mark, dice.choice(FATAL), 0, dice.uniform(0, 900))
    if done.stdout.strip():
        sdn("down", "-l", name)
    _nothing_is_left(name, mark)


@pytest.mark.parametrize("victim", DAEMONS)
@pytest.mark.parametrize("step", [2, 5, 9])
def test_a_daemon_killed_during_up_is_replaced_or_up_fails_clean(victim: str, step: int) -> None:
    name, mark = f"test-{uuid.uuid4().hex[:8]}", uuid.uuid4().hex
    done = _up(name, mark, victim, step, 0)
    assert "killed" in done.stderr
    if done.returncode == 0:
        assert sdn("exec", "-l", name, "a", "--", "curl", "-sf", "-m", "5", "http://10.248.4.2:8080/").returncode == 0
        sdn("down", "-l", name)
    _nothing_is_left(name, mark)


@pytest.mark.parametrize("attempt", range(3))
def test_interrupt_of_up_leaves_nothing(attempt: int) -> None:
    name, mark = f"test-{uuid.uuid4().hex[:8]}", uuid.uuid4().hex
    command = [sys.executable, "-m", "sdn.cli", "up", "-l", name, str(TOPOLOGIES / "two-node.yaml")]
    process = subprocess.Popen(command, env={**os.environ, MARK: mark}, stderr=subprocess.PIPE, text=True)
    time.sleep(random.Random(attempt).uniform(0.2, 0.7))  # a moment at random: what is under test
    process.send_signal(signal.SIGINT)
    words = process.communicate(timeout=30)[1]
    if process.returncode == 0:  # it was up before the interrupt came
        sdn("down", "-l", name)
    else:
        assert process.returncode in (130, -signal.SIGINT)  # the latter before Python itself is there
        assert process.returncode != 130 or "Traceback" not in words
    _nothing_is_left(name, mark)


def test_the_supervisor_of_a_running_lab_killed() -> None:
    with running("two-node.yaml") as lab:
        first = next(int(line.split()[1]) for line in sdn("labs").stdout.splitlines() if line.startswith(lab.name))
        os.kill(first, signal.SIGKILL)
        _nothing_is_left(lab.name, lab.mark)
