"""A number that stands for an object in a flow's cookie."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

REF_BITS = 40


@dataclass(frozen=True)
class Ref:
    """An object as a rule names it: `name` for people (`Pod default/a`), `number` (40 bits, never 0) for the cookie.

    The number comes from the name alone, so that a rule stays the same whatever else changes.
    """

    name: str

    @property
    def number(self) -> int:
        """40 bits of the name's SHA-256."""
        return int.from_bytes(sha256(self.name.encode()).digest()[: REF_BITS // 8]) or 1

    def __str__(self) -> str:
        return hex(self.number)
