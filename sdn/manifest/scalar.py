"""What a plain YAML scalar means: as kubectl reads it (YAML 1.1, but dates and 1:30 are text).

Source: the resolver of go-yaml v2, which sigs.k8s.io/yaml carries.
"""

from __future__ import annotations

import re
from typing import TypeAlias

Scalar: TypeAlias = str | int | float | bool | None

_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False),
}
_NUMERIC = frozenset("0123456789+-.")
_INTEGER = re.compile(r"[-+]?(0x[0-9a-f]+|0b[01]+|0o[0-7]+|0[0-7]*|[1-9][0-9]*)", re.IGNORECASE | re.ASCII)
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", re.ASCII)
_NOT_FINITE = re.compile(r"[-+]?\.inf|\.nan", re.IGNORECASE)
_MAX_DIGITS = 64
_INT64 = 1 << 63


class NotFinite(ValueError):
    """An infinite number or none at all, which JSON cannot say."""


def resolve(text: str) -> Scalar:
    """The value of a plain scalar.

    Raises:
        NotFinite: it is `.inf`, `.nan` or too large.
    """
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _NUMERIC:
        return text
    if _NOT_FINITE.fullmatch(text):
        raise NotFinite(text)
    plain = text.replace("_", "")
    if len(plain) <= _MAX_DIGITS and _INTEGER.fullmatch(plain):
        return _integer(plain)
    if _FLOAT.fullmatch(plain):
        return _finite(plain)
    return text


def _integer(text: str) -> int | float:
    digits = text.lstrip("+-").lower()
    number = int(digits, 8 if digits.isdigit() and digits[0] == "0" else 0)
    number = -number if text[0] == "-" else number
    return number if abs(number) < _INT64 else float(number)


def _finite(text: str) -> int | float:
    """The number; without a fraction it is an integer, as it becomes on its way through JSON."""
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise NotFinite(text)
    return int(number) if number.is_integer() and abs(number) < _INT64 else number
