"""What to do so that what is there becomes what is wanted.

The lab brings up, changes and repairs everything by this one difference: namespaces, ports, rules.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True)
class Delta(Generic[K, V]):
    """A difference. `added` and `changed` carry the wanted values, `removed` those that are there."""

    added: Mapping[K, V]
    changed: Mapping[K, V]
    removed: Mapping[K, V]

    def __bool__(self) -> bool:
        """True if there is something to do."""
        return bool(self.added or self.changed or self.removed)


def reconcile(desired: Mapping[K, V], actual: Mapping[K, V]) -> Delta[K, V]:
    """The difference from `actual` to `desired`, keyed by what makes a thing the same thing.

    Added and changed come in the order of `desired`, removed in that of `actual`.
    """
    return Delta(
        added={key: value for key, value in desired.items() if key not in actual},
        changed={key: value for key, value in desired.items() if key in actual and actual[key] != value},
        removed={key: value for key, value in actual.items() if key not in desired},
    )
