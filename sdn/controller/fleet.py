"""All switches by their datapath ids, and what the supervisor asks of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeVar

from sdn.controller.channel import Reports
from sdn.controller.switch import Switch
from sdn.openflow.compile import Compiler

T = TypeVar("T")


class Fleet:
    """Does what messages of the control channel ask. One compiler serves all switches."""

    def __init__(self, reports: Reports) -> None:
        self._reports = reports
        self._switches: dict[int, Switch] = {}
        self._making = threading.Lock()
        self._compiler = Compiler({})
        self._operations: Mapping[str, Callable[[Mapping[str, Any]], None]] = MappingProxyType(
            {"tables": self._tables, "desire": self._desire, "forget": self._forget, "status": self._status}
        )

    def switch(self, datapath: int) -> Switch:
        """The switch of that datapath id."""
        with self._making:
            if datapath not in self._switches:
                self._switches[datapath] = Switch(datapath, self._reports)
            return self._switches[datapath]

    def obey(self, message: Mapping[str, Any]) -> None:
        """Do what a message asks.

        Raises:
            ValueError: the message asks for nothing that there is, or a field of it is missing or wrong.
        """
        operation = message.get("op")
        if not isinstance(operation, str) or operation not in self._operations:
            raise ValueError(f"op is {operation!r}, expected one of {', '.join(self._operations)}")
        self._operations[operation](message)

    def _tables(self, message: Mapping[str, Any]) -> None:
        tables = _field(message, "tables", dict)
        for name, number in tables.items():
            if type(number) is not int or not 0 <= number < 255:
                raise ValueError(f"table {name} is {number!r}, expected 0 to 254")
        self._compiler = Compiler(tables)

    def _desire(self, message: Mapping[str, Any]) -> None:
        name, generation = _field(message, "name", str), _field(message, "generation", int)
        lines = _field(message, "lines", list)
        if not all(isinstance(line, str) for line in lines):
            raise ValueError("lines are not all text")
        self.switch(_field(message, "datapath", int)).desire(name, generation, lines, self._compiler)

    def _forget(self, message: Mapping[str, Any]) -> None:
        self.switch(_field(message, "datapath", int)).forget()

    def _status(self, _: Mapping[str, Any]) -> None:
        with self._making:
            switches = list(self._switches.values())
        self._reports.say("status", switches=[switch.status() for switch in switches])


def _field(message: Mapping[str, Any], name: str, kind: type[T]) -> T:
    value = message.get(name)
    if type(value) is not kind:
        raise ValueError(f"{name} is {value!r}, expected {kind.__name__}"[:200])
    return value
