"""A packet every millisecond from one pod to another, and what became of each.

    python stream.py receive PORT SECONDS          prints {"seen": [sequence numbers]}
    python stream.py send ADDRESS PORT SECONDS     prints {"sent": n}

Run inside pods by the tests of faults.
"""

from __future__ import annotations

import json
import socket
import struct
import sys
import time
from contextlib import suppress

GAP_S = 0.001


def send(address: str, port: int, seconds: float) -> int:
    """Send numbered datagrams at an even pace; how many."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    began = time.monotonic()
    number = 0
    while (now := time.monotonic()) < began + seconds:
        due = began + number * GAP_S
        if now < due:
            time.sleep(due - now)
        with suppress(OSError):  # no route while a device is away: a packet lost like any other
            sock.sendto(struct.pack("!I", number), (address, port))
        number += 1
    return number


def receive(port: int, seconds: float) -> list[int]:
    """The numbers that came, in order; the first line printed says that it listens."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("0.0.0.0", port))
    print("listening", flush=True)
    seen = []
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        sock.settimeout(left)
        try:
            seen.append(struct.unpack("!I", sock.recv(64))[0])
        except TimeoutError:
            break
    return seen


if __name__ == "__main__":
    if sys.argv[1] == "send":
        print(json.dumps({"sent": send(sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))}))
    else:
        print(json.dumps({"seen": receive(int(sys.argv[2]), float(sys.argv[3]))}))
