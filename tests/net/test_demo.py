"""`scripts/demo` proves a lab and leaves nothing, as root and as an ordinary user, and when it is interrupted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import machine
from tests.support.ordinary import TOP, OrdinaryUser

pytestmark = pytest.mark.root
DEMO = str(TOP / "scripts" / "demo")
ENVIRONMENT = {**os.environ, "SDN_VENV": sys.prefix}


@pytest.fixture(autouse=True)
def _set_up() -> None:
    """The set-up has nothing to do: it may install nothing while tests run."""
    stamps = list(Path(sys.prefix).glob(".sdn-stamp-test*"))
    config = (TOP / "setup.cfg").read_text()
    if not any(config in stamp.read_text() for stamp in stamps):
        pytest.skip("this environment was not made by scripts/setup --test from the setup.cfg that is here")


def test_it_proves_a_lab_and_leaves_nothing() -> None:
    before = machine.state()
    done = subprocess.run([DEMO], capture_output=True, text=True, check=False, env=ENVIRONMENT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Proven, and gone." in done.stdout
    assert machine.differences(before, machine.state()) == []


def test_an_ordinary_user_needs_no_root(ordinary_user: OrdinaryUser) -> None:
    done = ordinary_user.run(DEMO, env=ENVIRONMENT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "without root" in done.stdout
    assert "Proven, and gone." in done.stdout
    assert ordinary_user.processes() == []


def _interruptible() -> None:
    """Also where the tests themselves were started in the background, with interrupts ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_demonstration_takes_its_lab_down(number: signal.Signals) -> None:
    options = {
        "stdout": subprocess.PIPE,
        "text": True,
        "env": ENVIRONMENT,
        "start_new_session": True,
        "preexec_fn": _interruptible,
    }
    with subprocess.Popen([DEMO], **options) as demo:
        for line in demo.stdout:
            if line.startswith("$ sdn verify"):
                os.killpg(demo.pid, number)
    assert demo.returncode == 128 + number
    labs = subprocess.run([sys.executable, "-m", "sdn.cli", "labs"], capture_output=True, text=True, check=True).stdout
    assert f"demo-{demo.pid}" not in labs


def test_a_topology_that_is_wrong_ends_it_with_the_words_and_status_of_up(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("kind: Cluster\n")
    done = subprocess.run([DEMO, str(wrong)], capture_output=True, text=True, check=False, env=ENVIRONMENT)
    assert done.returncode == 2
    assert "wrong.yaml:1:1" in done.stderr
