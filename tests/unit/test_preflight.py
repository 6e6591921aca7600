"""What is missing on the machine is named before anything is started, with the command that mends it."""

from __future__ import annotations

from pathlib import Path

import pytest

from sdn.errors import MachineError
from sdn.lab import preflight
from sdn.ovs import daemon


def test_no_open_vswitch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(daemon, "search_path", lambda: "/nowhere")
    with pytest.raises(MachineError) as caught:
        preflight.check_machine()
    assert caught.value.exit_code == 3
    assert "openvswitch-switch" in caught.value.remedy


@pytest.mark.parametrize(("mode", "remedy"), [(None, "modprobe tun"), (0o000, "chmod")])
def test_tun_devices_missing_or_closed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, mode: int | None, remedy: str
) -> None:
    tun = tmp_path / "tun"
    if mode is not None:
        tun.touch()
        monkeypatch.setattr(preflight.os, "access", lambda path, how: False)
    monkeypatch.setattr(preflight, "TUN", tun)
    monkeypatch.setattr(preflight, "check_installed", lambda: None)
    monkeypatch.setattr(preflight.shutil, "which", lambda name, path: f"/usr/sbin/{name}")
    with pytest.raises(MachineError) as caught:
        preflight.check_machine()
    assert remedy in caught.value.remedy


def test_the_kernel_datapath_is_refused_where_it_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "kernel_datapath", lambda: False)
    assert preflight.choose_datapath("auto") == "userspace"
    with pytest.raises(MachineError, match="not loaded"):
        preflight.choose_datapath("kernel")
