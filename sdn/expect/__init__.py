"""Who may talk to whom: from the user's objects alone. Knows nothing of rules, so that agreement with them is evidence."""

from sdn.expect.expectation import Expectation, expect
from sdn.expect.verdict import Verdict

__all__ = ["Expectation", "Verdict", "expect"]
