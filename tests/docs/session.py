"""Sessions in Markdown that can be run: the convention, and how a session that was run is held against the page.

    ```console      a session: `$ ` begins a command, the lines below it are what it prints (both streams). All sessions
                    of a page are one shell, in order. A command ends with status 0, unless the next is `echo $?`.
    ```yaml NAME    the content of a file NAME in the folder in which the shell runs
    ```sh           set-up, which changes a machine: run by other tests, see test_pages.py

In what is shown `…` stands for anything: on a line of its own for any lines, elsewhere for any text of the line. Of
what changes from run to run any value will do: times, counts of packets, lines of flows/, and which datapath it is. How
wide the columns of a table are does not matter either.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

_BLOCK = re.compile(r"^```(?P<kind>\w+)(?: (?P<name>\S+))?\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)
_CHANGING = (  # in the page, escaped as a pattern; in what was printed
    (re.compile(r"(?<![\w.])\d+(\\\.\d+)? (?=s\b|ms\b)"), r"[\\d.]+ "),
    (re.compile(r"\d\d:\d\d:\d\d\\\.\d+"), r"[\\d:.]+"),
    (re.compile(r"^ *\d+(?= \d+ \S)"), r" *\\d+"),
    (re.compile(r"(?<=\\\.flows:)\d+"), r"\\d+"),
    (re.compile(r"counted \d+"), r"counted \\d+"),
    (re.compile(r"(kernel|userspace)(?= datapath)"), r"(kernel|userspace)"),
)
_MARK = "\x1e"
_TIMEOUT_S = 300


@dataclass(frozen=True)
class Command:
    """A command of a session, and what the page says that it prints; `line` is where it stands in the page."""

    line: int
    words: str
    shown: tuple[str, ...]
    status: str = "0"


def commands(page: str) -> list[Command]:
    """Every command of the page's sessions, in order."""
    found: list[Command] = []
    for block in _BLOCK.finditer(page):
        if block["kind"] == "console":
            found += _commands(block["text"], page.count("\n", 0, block.start("text")) + 1)
    for number, command in enumerate(found[1:]):
        if command.words == "echo $?":
            found[number] = replace(found[number], status=command.shown[0])
    return found


def _commands(session: str, first_line: int) -> Iterator[Command]:
    lines = session.splitlines()
    starts = [number for number, line in enumerate(lines) if line.startswith("$ ")]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        yield Command(first_line + start, lines[start][2:], tuple(lines[start + 1 : end]))


def files(page: str) -> dict[str, str]:
    """The files that the page shows, by name."""
    return {block["name"]: block["text"] for block in _BLOCK.finditer(page) if block["name"]}


def setup_lines(page: str) -> list[str]:
    """The commands of the page's set-up blocks."""
    texts = [block["text"] for block in _BLOCK.finditer(page) if block["kind"] == "sh"]
    return [line.partition(" #")[0].strip() for text in texts for line in text.splitlines() if line.strip()]


def run(session: Iterable[Command], folder: Path, env: dict[str, str]) -> Iterator[tuple[Command, str, str]]:
    """Each command with its status and what it printed.

    The shell is process 1 of a pid namespace of its own: it sees no labs but those that it starts, so that their names
    are free, and they end with it.
    """
    script = "".join(f"{c.words}\ns=$?; printf '{_MARK}%d{_MARK}' $s; (exit $s)\n" for c in session)
    shell = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "bash", "-c", script]
    done = subprocess.run(
        shell,
        cwd=folder,
        env=env,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=_TIMEOUT_S,
    )
    parts = done.stdout.split(_MARK)
    yield from zip(session, parts[1::2], parts[0::2], strict=False)


def agrees(shown: Iterable[str], printed: str) -> bool:
    """What was printed is what the page shows, but for what changes from run to run."""
    pattern = "".join(r"(?:.*\n)*?" if line.strip() == "…" else f"{_line(line)}\n" for line in shown)
    text = "".join(f"{_narrow(line)}\n" for line in printed.splitlines())
    return re.fullmatch(pattern, text) is not None


def _line(shown: str) -> str:
    pattern = re.escape(_narrow(shown)).replace(r"\ ", " ")
    for changing, anything in _CHANGING:
        pattern = changing.sub(anything, pattern)
    return pattern.replace("…", ".*?")


def _narrow(line: str) -> str:
    return re.sub(r" +", " ", line.rstrip())
