"""How fast repairs may follow each other, and how often they are spoken of, when somebody fights us."""

from __future__ import annotations

from collections import deque

FREE_IN_A_SECOND = 50
GAP_S = 0.1


class Brake:
    """Lets FREE_IN_A_SECOND repairs a second pass at once; beyond that, one every GAP_S. Times are monotonic."""

    def __init__(self) -> None:
        self._passed: deque[float] = deque(maxlen=FREE_IN_A_SECOND)

    def passes(self, now: float) -> None:
        """A repair is done now."""
        self._passed.append(now)

    def holds(self, now: float) -> bool:
        """True while more repairs are asked for than may pass."""
        return len(self._passed) == FREE_IN_A_SECOND and now - self._passed[0] < 1

    def next_s(self, now: float) -> float:
        """Seconds until the next repair may pass; 0 if it may now."""
        return max(self._passed[-1] + GAP_S - now, 0.0) if self.holds(now) else 0.0
