"""A rule that cannot be had: what is wrong with it, and which it is."""

from __future__ import annotations

from sdn.errors import SwitchError


class RuleRefused(SwitchError):
    """A rule could not be compiled, or the switch would not take it. `line` is the rule; empty if none is to blame."""

    def __init__(self, reason: str, line: str = "") -> None:
        self.reason = reason
        self.line = line
        super().__init__(f"{reason}: {line}" if line else reason)
