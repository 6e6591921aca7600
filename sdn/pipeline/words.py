"""The words that rules are made of: numbers, addresses, ports, and the commas between them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from ipaddress import IPv4Address

_LAST_PORT = 0xFEFF
_NUMBER = re.compile(r"0x[0-9a-fA-F]{1,32}|0|[1-9][0-9]{0,38}")
_MAC = re.compile(r"[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}")
# How Open vSwitch spells a name as well, and how it is spelt here.
_ALIASES = {
    "eth_src": "dl_src",
    "eth_dst": "dl_dst",
    "dl_type": "ip or arp",
    "eth_type": "ip or arp",
    "ip_src": "nw_src",
    "ip_dst": "nw_dst",
    "ip_proto": "nw_proto",
    "ip_frag": "nw_frag",
    "tunnel_id": "tun_id",
    **{f"{protocol}_{end}": f"{protocol},tp_{end}" for protocol in ("tcp", "udp", "sctp") for end in ("src", "dst")},
}


def number(text: str) -> int:
    """A decimal or hexadecimal number. A leading zero is refused: Open vSwitch reads such a number as octal."""
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"not a number: {text!r} (expected as 80 or 0x50)")
    return int(text, 0)


def address(text: str) -> int:
    """An IPv4 address."""
    try:
        return int(IPv4Address(text))
    except ValueError:
        raise ValueError(f"not an IPv4 address: {text!r}") from None


def mac(text: str) -> int:
    """An Ethernet address."""
    if not _MAC.fullmatch(text):
        raise ValueError(f"not an Ethernet address: {text!r}")
    return int(text.replace(":", ""), 16)


def port(text: str) -> int:
    """A port of the switch: a number, or LOCAL."""
    found = 0xFFFE if text == "LOCAL" else number(text)
    if found > _LAST_PORT and text != "LOCAL":
        raise ValueError(f"not a port: {text} (expected 1 to {_LAST_PORT}, or LOCAL)")
    return found


def split(text: str) -> Iterator[str]:
    """The parts between the commas that stand outside all brackets; ValueError if brackets do not match."""
    depth = start = 0
    for place, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if depth < 0:
            break
        if letter == "," and not depth:
            yield text[start:place].strip()
            start = place + 1
    if depth:
        raise ValueError(f"brackets do not match in {text!r}")
    yield text[start:].strip()


def unknown(kind: str, name: str, known: Iterable[str]) -> ValueError:
    """The error for a name that is not known, with the nearest that is."""
    near = _ALIASES.get(name) or next(iter(get_close_matches(name, list(known), 1)), "")
    return ValueError(f"unknown {kind} {name!r}" + (f"; did you mean {near}?" if near else ""))
