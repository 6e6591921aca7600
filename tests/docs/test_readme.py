"""What the pages tell a user to type does what they say that it does, and their links lead somewhere."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest

from tests.docs.session import agrees, commands, files, run, setup_lines

TOP = Path(__file__).parents[2]
PAGES = [TOP / "README.md", *sorted((TOP / "docs").glob("*.md"))]
WITH_SESSIONS = [page for page in PAGES if commands(page.read_text())]
# Set-up changes a machine, so it is run where that does no harm.
RUN_BY = {
    "scripts/demo": "tests/net/test_demo.py",
    "pip install .": "tests/unit/test_packaging.py",
    "scripts/setup": "scripts/test-fresh",
}
_LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)")


def _name(page: Path) -> str:
    return str(page.relative_to(TOP))


@pytest.mark.root
@pytest.mark.parametrize("page", WITH_SESSIONS, ids=_name)
def test_a_session_goes_as_it_is_shown(page: Path, tmp_path: Path) -> None:
    text = page.read_text()
    (tmp_path / "topologies").symlink_to(TOP / "topologies")
    for name, content in files(text).items():
        (tmp_path / name).write_text(content)
    ran = list(run(commands(text), tmp_path, _environment(tmp_path)))
    wrong = []
    for command, status, printed in ran:
        if status != command.status or not agrees(command.shown, printed):
            shown = "\n".join(command.shown)
            wrong.append(
                f"{_name(page)}:{command.line}: $ {command.words}\n"
                f"shown ({command.status}):\n{shown}\nprinted ({status}):\n{printed}"
            )
    assert not wrong, "\n\n".join(wrong)
    assert len(ran) == len(commands(text))


@pytest.mark.parametrize("line", sorted({line for page in PAGES for line in setup_lines(page.read_text())}))
def test_set_up_is_run_by_another_test(line: str) -> None:
    if line.startswith("sudo apt-get install "):
        needed = re.findall(r"^ *need \S+ (\S+)$", (TOP / "scripts/setup").read_text(), re.MULTILINE)
        assert set(line.split()[3:]) <= {*needed, "python3-venv"}
    else:
        (tester,) = [file for command, file in RUN_BY.items() if command in line]
        assert (TOP / tester).exists()


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_links_lead_to_files(page: Path) -> None:
    missing = [link for link in _LINK.findall(page.read_text()) if not (page.parent / link).exists()]
    assert missing == []


def test_what_changes_from_run_to_run_may_differ_and_nothing_else() -> None:
    assert agrees(["dc1 is up: 2 nodes, userspace datapath (0.95 s)"], "dc1 is up: 2 nodes, kernel datapath (12.1 s)\n")
    assert agrees(["  5  100 ip drop  flows/20-from-pod.flows:18"], "   17 100 ip drop  flows/20-from-pod.flows:21\n")
    assert agrees(["a", "…", "d"], "a\nb\nc\nd\n")
    assert agrees(["one … three"], "one two three\n")
    assert not agrees(["dc1 is up: 2 nodes"], "dc1 is up: 3 nodes\n")
    assert not agrees(["  5  100 ip drop"], "  5  200 ip drop\n")
    assert not agrees(["a", "…", "e"], "a\nb\nc\nd\n")
    assert not agrees([], "sdn: something went wrong\n")


def _environment(home: Path) -> dict[str, str]:
    path = os.pathsep.join([f"{sys.prefix}/bin", os.environ["PATH"]])
    kept = {key: value for key, value in os.environ.items() if key != "SDN_LAB"}
    return {**kept, "PATH": path, "HOME": str(home), "LC_ALL": "C.UTF-8", "SHELL": "/bin/bash"}
