"""What can go wrong, and what the command answers for each.

    SdnError
    ├── InputError            exit 2   the input or the usage is wrong
    │   ├── ManifestError              a topology or manifest: carries every fault, each with its place
    │   └── PipelineError              a file of flows/: carries file and line
    ├── MachineError          exit 3   the machine lacks something; says what mends it
    ├── LabError              exit 1   a lab could not be built, found, reached or changed
    │   └── NoSuchLab                  nothing of that name runs
    └── SwitchError           exit 1   a switch refused what it was asked

Every message says where, what was found and what is accepted. No traceback reaches a user.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = [
    "Fault",
    "InputError",
    "LabError",
    "MachineError",
    "ManifestError",
    "NoSuchLab",
    "PipelineError",
    "SdnError",
    "SwitchError",
]


class SdnError(Exception):
    """Base of all errors that are meant for the user; `exit_code` is what the command ends with."""

    exit_code = 1


class InputError(SdnError):
    """The input or the usage is wrong."""

    exit_code = 2


@dataclass(frozen=True, order=True)
class Fault:
    """One thing that is wrong in a manifest, and where.

    `line` and `column` count from 1; 0 means that the fault is of the file as a whole. `field` is a path as an API
    server writes it (`spec.nodes[1].ip`).
    """

    file: str
    line: int
    column: int
    field: str
    found: str
    expected: str
    hint: str = ""

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        hint = f"; {self.hint}" if self.hint else ""
        field = f"{self.field}: " if self.field else ""
        return f"{where}: {field}found {self.found}, expected {self.expected}{hint}"


class ManifestError(InputError):
    """A topology or manifest is wrong; `faults` names every one, in the order of the file."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(map(str, self.faults)))


class PipelineError(InputError):
    """A rule in `flows/` is wrong."""

    def __init__(self, origin: str, message: str) -> None:
        self.origin = origin
        super().__init__(f"{origin}: {message}")


class MachineError(SdnError):
    """The machine lacks something; `remedy` is the command that mends it, or empty if none does."""

    exit_code = 3

    def __init__(self, message: str, remedy: str = "") -> None:
        self.remedy = remedy
        super().__init__(f"{message}\n  to mend it: {remedy}" if remedy else message)


class LabError(SdnError):
    """A lab could not be built, found, reached or changed."""


class NoSuchLab(LabError):
    """No lab of that name runs."""


class SwitchError(SdnError):
    """A switch refused what it was asked."""
