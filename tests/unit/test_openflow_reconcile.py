"""The difference, and how repairs are measured out."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sdn.controller.brake import FREE_IN_A_SECOND, Brake
from sdn.controller.drift import SAID_IN_A_SECOND, Drift, Tally, What
from sdn.controller.reconcile import reconcile

THINGS = st.dictionaries(st.integers(0, 9), st.integers(0, 3))


@given(THINGS, THINGS)
def test_what_is_there_becomes_what_is_wanted(desired: dict[int, int], actual: dict[int, int]) -> None:
    delta = reconcile(desired, actual)
    done = {key: value for key, value in actual.items() if key not in delta.removed} | delta.added | delta.changed
    assert done == desired
    assert bool(delta) is (desired != actual)


@given(THINGS, THINGS)
def test_nothing_is_touched_that_need_not_be(desired: dict[int, int], actual: dict[int, int]) -> None:
    delta = reconcile(desired, actual)
    assert not delta.added.keys() & actual.keys()
    assert delta.removed.keys() == actual.keys() - desired.keys()
    assert delta.changed.keys() == {key for key in desired.keys() & actual.keys() if desired[key] != actual[key]}


def test_repairs_pass_at_once_until_there_are_too_many() -> None:
    brake = Brake()
    waits = []
    now = 100.0
    for _ in range(1000):
        wait_s = brake.next_s(now)
        now += wait_s
        brake.passes(now)
        waits.append(wait_s)
        now += 0.001
    assert waits[:FREE_IN_A_SECOND] == [0.0] * FREE_IN_A_SECOND
    assert now - 100.0 > 1000 / FREE_IN_A_SECOND / 2


def drifts(count: int) -> list[Drift]:
    return [Drift(What.ADDED, str(number), b"", None) for number in range(count)]


def test_every_drift_is_said_or_counted() -> None:
    tally = Tally()
    said = counted = 0
    now = 50.0
    for burst in (1, 5, 100, 0, 3, 1000, 0):
        tally.add(drifts(burst))
        now += 0.4
        if tally.wait_s(now) == 0:
            for _, more in tally.take(now):
                said += 1
                counted += more
    while (wait_s := tally.wait_s(now)) is not None:
        now += wait_s
        for _, more in tally.take(now):
            said += 1
            counted += more
    assert said + counted == 1109
    assert said <= SAID_IN_A_SECOND * (now - 50.0 + 1)


def test_one_drift_is_said_at_once() -> None:
    tally = Tally()
    tally.add(drifts(1))
    assert tally.wait_s(10.0) == 0
    assert [more for _, more in tally.take(10.0)] == [0]
    assert tally.wait_s(10.0) is None
