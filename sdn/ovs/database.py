"""What a switch's database says: bridges, ports, controller. One ovs-vsctl transaction for each change.

ovs-vsctl rather than ovsdbapp: a transaction costs 8 ms and no import, ovsdbapp's import alone 300 ms; and the words
are those that an operator would type.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

from sdn.ovs.daemon import controller_socket, database_socket, environment, run_tool
from sdn.plan import Bridge, Port

PROBE_MS = 5000
BACKOFF_MS = 1000


class Datapath(StrEnum):
    """Which datapath forwards: the kernel's openvswitch module, or ovs-vswitchd itself."""

    KERNEL = "kernel"
    USERSPACE = "userspace"

    @property
    def type(self) -> str:
        """Open vSwitch's `datapath_type`."""
        return "system" if self is Datapath.KERNEL else "netdev"


def create_bridges(node: str, bridges: Iterable[Bridge], datapath: Datapath) -> None:
    """The database has the bridges and the ports that need no device of the kernel.

    Written before ovs-vswitchd starts; the controlled bridge is `fail_mode=secure` from its first moment.
    """
    words = ["--", "set", "Open_vSwitch", ".", *_settings()]
    for bridge in bridges:
        words += _bridge(node, bridge, datapath)
        for port in bridge.ports:
            if port.kind:
                words += _port(bridge.name, port)
    _vsctl(node, ["--no-wait", "init", *words])


def add_ports(node: str, ports: Iterable[tuple[str, Port]], tables: Mapping[int, str]) -> None:
    """The (bridge, port) pairs are ports of the switch, and br0's tables have names.

    One transaction, acknowledged by ovs-vswitchd. Without `tables` their names stay as they are.
    """
    words = _tables("br0", tables)
    for bridge, port in ports:
        words += _port(bridge, port)
    if words:
        _vsctl(node, words[1:])


def remove_ports(node: str, ports: Iterable[str]) -> None:
    """The named ports are gone from the switch."""
    words: list[str] = []
    for port in ports:
        words += ["--", "--if-exists", "del-port", port]
    if words:
        _vsctl(node, words[1:])


def _vsctl(node: str, words: list[str]) -> None:
    run_tool(["ovs-vsctl", "--timeout=30", f"--db=unix:{database_socket(node)}", *words], env=environment(node))


def _settings() -> list[str]:
    """Idle cost, not behaviour: one handler and one revalidator thread, interface statistics once a minute."""
    values = {"n-handler-threads": 1, "n-revalidator-threads": 1, "stats-update-interval": 60000}
    return [f"other_config:{key}={value}" for key, value in values.items()]


def _bridge(node: str, bridge: Bridge, datapath: Datapath) -> list[str]:
    mode = "secure" if bridge.controlled else "standalone"
    words = ["--", "add-br", bridge.name, "--", "set", "Bridge", bridge.name]
    words += [f"datapath_type={datapath.type}", f"fail_mode={mode}", f'other_config:hwaddr="{bridge.mac}"']
    if not bridge.controlled:
        return words
    words += [f"other_config:datapath-id={bridge.datapath_id:016x}"]
    words += [
        "--",
        "set-controller",
        bridge.name,
        f"unix:{controller_socket(node)}",
        "--",
        "set",
        "Controller",
        bridge.name,
    ]
    return [*words, f"max_backoff={BACKOFF_MS}", f"inactivity_probe={PROBE_MS}", "connection_mode=out-of-band"]


def _tables(bridge: str, tables: Mapping[int, str]) -> list[str]:
    words: list[str] = []
    for number, name in tables.items():
        words += ["--", f"--id=@t{number}", "create", "Flow_Table", f"name={name}"]
        words += ["--", "set", "Bridge", bridge, f"flow_tables:{number}=@t{number}"]
    return words


def _port(bridge: str, port: Port) -> list[str]:
    words = ["--", "add-port", bridge, port.name, "--", "set", "Interface", port.name, f"ofport_request={port.ofport}"]
    if port.kind:
        words.append(f"type={port.kind}")
    if port.mac:
        words.append(f'mac="{port.mac}"')
    if port.mtu:
        words.append(f"mtu_request={port.mtu}")
    return words + [f"options:{key}={value}" for key, value in port.options]
