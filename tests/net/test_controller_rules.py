"""Whatever a rule may say, the switch has it as ovs-ofctl would have put it in, and the controller knows it again."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.openflow import GROUP, RULES, TABLES, ControllerProcess, DummySwitch, missing, numbered

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())

SENTINEL = "cookie=0x99,table=last,priority=9,ip,actions=drop"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[DummySwitch, ControllerProcess]]:
    directory = tmp_path_factory.mktemp("openflow")
    with ControllerProcess(directory) as controller:
        controller.wait("ready")
        with DummySwitch(directory / "switch", controller=controller.listens) as switch:
            for bridge in ("br0", "br1"):
                switch.ofctl("add-group", bridge, GROUP)
            controller.client.tables(TABLES)
            controller.client.desire(1, "node1", 1, [*RULES, SENTINEL])
            controller.wait("in-force")
            yield switch, controller


@pytest.fixture
def switch(lab: tuple[DummySwitch, ControllerProcess]) -> DummySwitch:
    return lab[0]


@pytest.fixture
def controller(lab: tuple[DummySwitch, ControllerProcess]) -> ControllerProcess:
    return lab[1]


def as_ovs_ofctl_puts_it(switch: DummySwitch) -> bool:
    return switch.flows() == switch.twin([*RULES, SENTINEL])


def test_every_rule_is_as_ovs_ofctl_reads_it(switch: DummySwitch) -> None:
    assert as_ovs_ofctl_puts_it(switch)


def test_every_rule_is_known_again_when_it_is_taken_away(switch: DummySwitch, controller: ControllerProcess) -> None:
    for line in RULES:
        match = ",".join(part for part in numbered(line).partition(",actions")[0].split(",") if "cookie" not in part)
        switch.ofctl("--strict", "del-flows", "br0", match)
        drift = controller.wait("drift")
        assert (drift["what"], drift["line"]) == ("removed", line)
    assert as_ovs_ofctl_puts_it(switch)


def test_a_rule_that_is_written_again_as_it_is_is_no_drift(switch: DummySwitch, controller: ControllerProcess) -> None:
    switch.ofctl("add-flows", "br0", "-", text="\n".join(map(numbered, RULES)))
    switch.ofctl("--strict", "del-flows", "br0", "table=30,priority=9,ip")
    drift = controller.wait("drift")
    assert (drift["what"], drift["line"]) == ("removed", SENTINEL)


@pytest.mark.parametrize("change", ["idle_timeout=9,actions=drop", "actions=output:3"])
def test_a_rule_that_is_written_otherwise_is_drift(
    switch: DummySwitch, controller: ControllerProcess, change: str
) -> None:
    switch.ofctl("add-flow", "br0", f"cookie=0x99,table=30,priority=9,ip,{change}")
    drift = controller.wait("drift")
    assert (drift["what"], drift["line"], drift["repaired"]) == ("modified", SENTINEL, True)
    assert as_ovs_ofctl_puts_it(switch)


def test_a_rule_of_somebody_else_is_taken_away_and_named(switch: DummySwitch, controller: ControllerProcess) -> None:
    switch.ofctl("add-flow", "br0", "table=10,cookie=0x7,priority=77,tcp,nw_dst=10.1.0.0/16,tp_dst=443,actions=drop")
    drift = controller.wait("drift")
    assert drift["what"] == "added"
    for word in ("table=second", "cookie=0x7", "priority=77", "nw_dst=10.1.0.0/255.255.0.0", "tcp_dst=443"):
        assert word in drift["line"]
    assert as_ovs_ofctl_puts_it(switch)
