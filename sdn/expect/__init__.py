"""Who may talk to whom: from the user's objects alone. It knows nothing of rules, so agreement is evidence."""

from sdn.expect.expectation import Expectation, expect
from sdn.expect.verdict import Verdict

__all__ = ["Expectation", "Verdict", "expect"]
