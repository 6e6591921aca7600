"""How hard the property tests try: few, always the same examples, or SDN_FUZZ_EXAMPLES random ones."""

from __future__ import annotations

import os
from datetime import timedelta

from hypothesis import HealthCheck, settings

_ASKED = os.environ.get("SDN_FUZZ_EXAMPLES")

fuzz = settings(
    max_examples=int(_ASKED or 20),
    derandomize=_ASKED is None,
    database=None,
    deadline=timedelta(seconds=10),  # a hang is a failure; a slow machine is not
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
