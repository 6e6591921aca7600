"""Progress on a terminal; nothing elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def progress() -> Iterator[Callable[[str, int, int], None]]:
    """A function to call with (step, done, total or 0); one line on standard error, gone at the end."""
    if not sys.stderr.isatty():
        yield lambda step, done, total: None
        return

    def say(step: str, done: int, total: int) -> None:
        sys.stderr.write(f"\r\x1b[K{step} {done}{f'/{total}' if total else ''}")
        sys.stderr.flush()

    try:
        yield say
    finally:
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()
