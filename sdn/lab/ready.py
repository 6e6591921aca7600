"""Whether every pod answers, asked as a kubelet asks: a TCP connection from the pod's node."""

from __future__ import annotations

import errno
import selectors
import socket
import time
from collections.abc import Iterable, Mapping

from sdn.errors import LabError
from sdn.host.space import Spaces
from sdn.model import Protocol
from sdn.plan import NodePlan, Space

_RETRY_S = 0.02


def wait_ready(spaces: Spaces, nodes: Iterable[NodePlan], pods: Mapping[str, Space], timeout_s: float = 30.0) -> None:
    """Return once every pod in `pods` (namespaces by name) that declares a TCP port took a connection on it.

    Raises:
        LabError: naming the pods that did not within `timeout_s`.
    """
    targets = [
        (node.space, pod.key, (str(pod.ip), answer.port))
        for node in nodes
        for pod in node.pods
        if pod.space in pods
        for answer in [a for a in pods[pod.space].answers if a.protocol is Protocol.TCP][:1]
    ]
    deadline = time.monotonic() + timeout_s
    while targets:
        targets = _round(spaces, targets)
        if targets and time.monotonic() > deadline:
            names = ", ".join(key for _, key, _ in targets[:5])
            raise LabError(f"{len(targets)} pods do not answer their node within {timeout_s:g} s: {names}")


Target = tuple[str, str, tuple[str, int]]


def _round(spaces: Spaces, targets: list[Target], patience_s: float = 1.0) -> list[Target]:
    """Try every target once, all side by side; those that failed are returned."""
    failed = []
    with selectors.DefaultSelector() as selector:
        for target in targets:
            with spaces.inside(target[0]):
                sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
            if sock.connect_ex(target[2]) in (0, errno.EINPROGRESS):
                selector.register(sock, selectors.EVENT_WRITE, target)
            else:
                sock.close()
                failed.append(target)
        deadline = time.monotonic() + patience_s
        while selector.get_map() and (left := deadline - time.monotonic()) > 0:
            for key, _ in selector.select(left):
                selector.unregister(key.fileobj)
                with key.fileobj as sock:  # type: ignore[union-attr]
                    if sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) != 0:
                        failed.append(key.data)
        for key in list(selector.get_map().values()):
            key.fileobj.close()  # type: ignore[union-attr]
            failed.append(key.data)
    if failed:
        time.sleep(_RETRY_S)
    return failed
