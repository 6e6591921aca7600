"""Yes or no, and why."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Verdict:
    """Whether a packet may arrive; `why` is half a sentence in the user's own words."""

    allowed: bool
    why: str

    def __str__(self) -> str:
        return "allow" if self.allowed else "deny"
