"""Plain scalars mean what they mean to kubectl.

The values are what `kubectl annotate --local -f FILE x=y -o json` (1.32) printed for the same file.
"""

from __future__ import annotations

import pytest

from sdn.manifest.read import read
from sdn.manifest.source import Source

KUBECTL = {
    "y": True, "Yes": True, "on": True, "n": False, "OFF": False, "oN": "oN", "~": None, "": None, "null": None,
    "010": 8, "0o10": 8, "0x1F": 31, "0X1f": 31, "0b11": 3, "0B1": 1, "-0b11": -3, "0777_7": 4095, "0x_1F": 31,
    "1_000": 1000, "1__0": 10, "_1": "_1", "1_0.5": 10.5, "1e3": 1000, "1E5": 100000, "1.": 1, "1.e3": 1000,
    ".5": 0.5, "+.5": 0.5, "-.5": -0.5, "-5": -5, "+5": 5, "-0": 0, "0.0": 0, "08": 8, "089": 89, "1e-400": 0,
    "0o8": "0o8", "0x": "0x", ".": ".", "+": "+", "=": "=", '"1"': "1", "!!str 5": "5", "!!float 5": 5,
    "1:30": "1:30", "2020-01-01": "2020-01-01", "2001-12-14t21:59:43.10-05:00": "2001-12-14t21:59:43.10-05:00",
    "10.248.0.2": "10.248.0.2", "18446744073709551616": 1.8446744073709552e19, "1" * 69: 1.1111111111111112e68,
}  # fmt: skip


@pytest.mark.parametrize(("text", "value"), KUBECTL.items(), ids=KUBECTL)
def test_it_means_what_kubectl_says(text: str, value: object) -> None:
    (document,) = read(Source("f.yaml", f"a: {text}")).documents
    assert document.value == {"a": value}
    assert type(document.value["a"]) is type(value)


def test_merge_keys_fill_in_what_is_not_there() -> None:
    text = "one: &one {a: 1, b: 1}\ntwo: &two {b: 2, c: 2}\nthree: {<<: [*one, *two], a: 3}\nfour: {a: 4, <<: *two}\n"
    (document,) = read(Source("f.yaml", text)).documents
    assert document.value["three"] == {"a": 3, "b": 1, "c": 2}
    assert document.value["four"] == {"a": 4, "b": 2, "c": 2}


def test_the_python_parser_reads_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    import yaml

    text = "a: [1, {b: 'c'}]\n---\n&x d: *x\n---\n- |\n  text\n"
    fast = read(Source("f.yaml", text))
    monkeypatch.setattr("sdn.manifest.read._Loader", yaml.BaseLoader)
    assert read(Source("f.yaml", text)) == fast
