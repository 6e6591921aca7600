"""From rules as text to the messages that put them into a switch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from sdn.errors import PipelineError
from sdn.openflow.encode import Encoder
from sdn.openflow.flowmod import FlowMod, flow_mod
from sdn.openflow.refusal import RuleRefused
from sdn.openflow.shape import Shape, Words, learn
from sdn.pipeline.parse import parse_flow
from sdn.pipeline.tables import Tables

LINES_KEPT = 200_000


class Compiler:
    """Compiles lines; the same line, and lines of the same shape, are compiled by os-ken once.

    One compiler serves many switches that have the same tables: what is the same on all of them is compiled once.
    It may be used from several threads (at worst a line is compiled twice).
    """

    def __init__(self, tables: Mapping[str, int], lines_kept: int = LINES_KEPT) -> None:
        self.tables: Mapping[str, int] = MappingProxyType(dict(tables))
        self._parse_tables = Tables(MappingProxyType({}), self.tables)
        self._encoder = Encoder(self.tables)
        self._lines_kept = lines_kept
        self._lines: dict[str, FlowMod] = {}
        self._shapes: dict[tuple[str, ...], Shape | None] = {}
        self._seen: set[tuple[str, ...]] = set()

    def compile(self, line: str) -> FlowMod:
        """The message that adds the rule.

        Raises:
            RuleRefused: the line is no rule that OpenFlow 1.4 can carry.
        """
        found = self._lines.get(line)
        if found is None:
            if len(self._lines) >= self._lines_kept:
                self._lines.clear()
                self._shapes.clear()
                self._seen.clear()
            found = self._lines[line] = self._compile(line)
        return found

    def compile_all(self, lines: Iterable[str]) -> dict[bytes, FlowMod]:
        """The messages of many rules by their keys.

        Raises:
            RuleRefused: one of the lines cannot be compiled, or two are the same rule.
        """
        rules: dict[bytes, FlowMod] = {}
        for line in lines:
            rule = self.compile(line)
            if rules.setdefault(rule.key, rule) is not rule:
                raise RuleRefused(f"the same table, priority and match as {rules[rule.key].line}", line)
        return rules

    def _compile(self, line: str) -> FlowMod:
        words = Words(line)
        shape = self._shapes.get(words.shape)
        if shape is not None:
            filled = shape.fill(line, words.values)
            if filled is not None:
                return filled
        message = self._encode(line)
        if words.shape not in self._shapes and words.shape in self._seen:
            self._shapes[words.shape] = learn(words, message, self._encode)
        self._seen.add(words.shape)
        return flow_mod(line, message)

    def _encode(self, line: str) -> bytes:
        try:
            return self._encoder.encode(parse_flow(line, self._parse_tables))
        except PipelineError as error:
            reason = str(error).removeprefix(f"{error.origin}: ").partition("\n")[0]
        except RuleRefused as refusal:
            reason = refusal.reason
        raise RuleRefused(reason, line)
