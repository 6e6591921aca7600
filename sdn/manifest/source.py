"""Texts to read manifests from: files, or the standard input."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sdn.errors import InputError

MAX_BYTES = 8 << 20
STDIN = "-"


@dataclass(frozen=True)
class Source:
    """A text and what it is called in messages."""

    name: str
    text: bytes | str


def read_sources(paths: Sequence[str]) -> list[Source]:
    """The content of each file, in the order given; `-` is the standard input.

    Raises:
        InputError: a file is missing, is a directory, cannot be read or is longer than 8 MiB.
    """
    if list(paths).count(STDIN) > 1:
        raise InputError("found '-' twice, expected the standard input to be named once")
    return [_read(path) for path in paths]


def _read(path: str) -> Source:
    name = "<stdin>" if path == STDIN else path
    try:
        if path == STDIN:
            content = sys.stdin.buffer.read(MAX_BYTES + 1)
        else:
            with Path(path).open("rb") as file:
                content = file.read(MAX_BYTES + 1)
    except IsADirectoryError:
        raise InputError(f"{name}: found a directory, expected a file; name the files in it") from None
    except OSError as error:
        raise InputError(f"{name}: cannot be read: {error.strerror or error}") from None
    except ValueError:  # a NUL in the name
        raise InputError(f"{name!r}: is not the name of a file") from None
    if len(content) > MAX_BYTES:
        raise InputError(f"{name}: found more than {MAX_BYTES >> 20} MiB, expected a manifest")
    return Source(name, content)
