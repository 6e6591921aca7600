"""The os-ken application: takes the switches' connections and brings what they say to the fleet.

os-ken's own listener stands on TCP, on all addresses. Ours stands on a Unix socket, so nothing here is reachable from
a network.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import closing
from typing import Any

from os_ken.base.app_manager import AppManager, OSKenApp  # first: the modules of os-ken import each other
from os_ken.controller import ofp_event
from os_ken.controller.controller import CONF, Datapath
from os_ken.controller.handler import DEAD_DISPATCHER, MAIN_DISPATCHER, set_ev_cls
from os_ken.controller.ofp_handler import OFPHandler
from os_ken.lib import hub

from sdn.controller.fleet import Fleet
from sdn.openflow.flowmod import VERSION

SEND_TIMEOUT_S = 60.0  # a switch that adds 200 ports takes nothing for 13 s


class _UnixStream(socket.socket):
    """A connected Unix socket that os-ken may treat as a TCP one."""

    def setsockopt(self, level: int, *option: Any) -> None:
        """Set an option; those of TCP have no meaning here."""
        if level != socket.IPPROTO_TCP:
            super().setsockopt(level, *option)


class _Connection(Datapath):  # type: ignore[misc]
    """os-ken's connection, with an end.

    On native threads os-ken cannot end the thread that sends while it waits for something to send; it would wait for
    it for ever, and nobody would hear that the switch is gone.
    """

    def _recv_loop(self) -> None:
        try:
            super()._recv_loop()
        finally:
            self.close()
            self.send(b"", close_socket=True)


class Connections(OFPHandler):  # type: ignore[misc]
    """os-ken's handshake, for connections that come over a Unix socket."""

    OFP_VERSIONS = (VERSION,)

    def __init__(self, listener: socket.socket, failed: Callable[[BaseException], None]) -> None:
        super().__init__()
        self._listener, self._failed = listener, failed

    def start(self) -> Any:
        """Connections are taken from now on."""
        OSKenApp.start(self)
        return hub.spawn(self._accept)

    def _accept(self) -> None:
        try:
            while True:
                connection, _ = self._listener.accept()
                stream = _UnixStream(fileno=connection.detach())
                hub.spawn(_serve, stream, self._listener.getsockname())
        except BaseException as error:
            self._failed(error)
            raise


def _serve(stream: socket.socket, address: str) -> None:
    with closing(_Connection(stream, address)) as connection:
        connection.serve()


class RuleKeeper(OSKenApp):  # type: ignore[misc]
    """Brings what switches say to those who answer for them."""

    OFP_VERSIONS = (VERSION,)

    def __init__(self, fleet: Fleet) -> None:
        super().__init__()
        self._fleet = fleet

    @set_ev_cls(ofp_event.EventOFPStateChange, [MAIN_DISPATCHER, DEAD_DISPATCHER])  # type: ignore[untyped-decorator]
    def state_changed(self, event: Any) -> None:
        """A switch has come or gone."""
        connection = event.datapath
        if connection.id is None:
            return
        switch = self._fleet.switch(connection.id)
        if event.state == MAIN_DISPATCHER:
            switch.connected(connection)
        else:
            switch.disconnected(connection)

    @set_ev_cls(
        [
            ofp_event.EventOFPBarrierReply,
            ofp_event.EventOFPBundleCtrlMsg,
            ofp_event.EventOFPErrorMsg,
            ofp_event.EventOFPFlowMonitorReply,
        ],
        MAIN_DISPATCHER,
    )  # type: ignore[untyped-decorator]
    def heard(self, event: Any) -> None:
        """A switch has said something."""
        connection = event.msg.datapath
        self._fleet.switch(connection.id).heard(connection, event.msg)


def run(listener: socket.socket, fleet: Fleet, failed: Callable[[BaseException], None]) -> None:
    """Start taking connections; `failed` is called if that comes to an end."""
    CONF.set_override("socket_timeout", SEND_TIMEOUT_S)
    manager = AppManager.get_instance()
    connections = manager.instantiate(Connections, listener, failed)
    keeper = manager.instantiate(RuleKeeper, fleet)
    keeper.start()
    connections.start()
