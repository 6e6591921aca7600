"""Tell people and CI what a verification found: text for a terminal, JUnit XML."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from xml.etree import ElementTree

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from sdn.verify.result import Check, Hop, Rule, Status

_SIGNS = {Status.HOLDS: ("✓", "green"), Status.FAILS: ("✗", "bold red"), Status.NOT_APPLICABLE: ("–", "dim")}


def from_events(events: Iterable[Mapping[str, Any]]) -> list[Check]:
    """The checks in a stream of events; other events are passed over."""
    return [Check.from_json(event) for event in events if event.get("event", "check") == "check"]


def render_text(checks: Sequence[Check], console: Console, verbose: bool = False) -> None:
    """Print each check with its way; with its hops and rules if it failed, or if `verbose`. Then one line of sum."""
    for check in checks:
        for indent, line in _lines(check, verbose or not check.ok):
            console.print(Padding(line, (0, 0, 0, indent)))
    console.print(_sum(checks))


def junit(checks: Sequence[Check]) -> str:
    """The checks as JUnit XML, one test case each."""
    counts = Counter(check.status for check in checks)
    suite = ElementTree.Element(
        "testsuite",
        name="sdn verify",
        tests=str(len(checks)),
        failures=str(counts[Status.FAILS]),
        errors="0",
        skipped=str(counts[Status.NOT_APPLICABLE]),
        time=f"{max((check.seconds for check in checks), default=0.0):.3f}",
    )
    for check in checks:
        case = ElementTree.SubElement(
            suite, "testcase", classname="sdn.verify", name=f"{check.id}: {check.title}", time=f"{check.seconds:.3f}"
        )
        if check.status is Status.FAILS:
            failure = ElementTree.SubElement(case, "failure", message=check.note)
            failure.text = "\n".join(" " * indent + line.plain for indent, line in _lines(check, True))
        elif check.status is Status.NOT_APPLICABLE:
            ElementTree.SubElement(case, "skipped", message=check.note)
    ElementTree.indent(suite)
    return ElementTree.tostring(suite, encoding="unicode", xml_declaration=True)


def _lines(check: Check, hops: bool) -> Iterator[tuple[int, Text]]:
    """A check as (indentation, text) lines."""
    sign, style = _SIGNS[check.status]
    yield 0, Text.assemble((sign, style), " ", (check.title, "bold"), "  ", _agreement(check))
    if check.note:
        yield 4, Text(check.note, "red" if not check.ok else "dim")
    if hops:
        for number, hop in enumerate(check.hops, 1):
            yield from _hop(number, hop)
    elif check.path:
        yield from _way(check)


def _way(check: Check) -> Iterator[tuple[int, Text]]:
    """The way in one line; of one that is closed, how far it goes and the rule that ends it."""
    end = next((hop for hop in check.hops if hop.dropped), None)
    if end is None:
        yield 4, Text(check.path, "dim")
        return
    yield 4, Text.assemble((check.path, "dim"), "  ends at ", (f"{end.place} {end.device}", "bold"))
    yield from ((6, _rule(rule)) for rule in end.rules[-1:])


def _agreement(check: Check) -> Text:
    """What the three witnesses say, in as few words as they need."""
    if check.status is Status.NOT_APPLICABLE:
        return Text("not applicable", "dim")
    if check.expected == check.predicted == check.observed:
        return Text(f"{check.expected}: {check.why}", "dim")
    said = (("expected", check.expected), ("predicted", check.predicted), ("observed", check.observed))
    return Text(", ".join(f"{witness} {word or 'nothing'}" for witness, word in said), "red")


def _hop(number: int, hop: Hop) -> Iterator[tuple[int, Text]]:
    style = "" if hop.seen is None else "green" if hop.seen else "yellow"
    yield 4, Text.assemble((f"{number:2} ", "dim"), (f"{hop.place} {hop.device}", style), "  ", hop.summary)
    for rule in hop.rules:
        yield 9, _rule(rule)


def _rule(rule: Rule) -> Text:
    name = f"{rule.number:>3} {rule.table}" if rule.number >= 0 else f"    {rule.table}"
    counted = f"  counted {rule.packets}" if rule.packets is not None else ""
    origin = f"  {rule.provenance}" if rule.origin else ""
    return Text.assemble(
        (name, "cyan"), " ", (rule.match or "any", ""), " → ", (rule.actions, "bold"), (origin, "dim"), (counted, "red")
    )


def _sum(checks: Sequence[Check]) -> Text:
    counts = Counter(check.status for check in checks)
    proven = counts[Status.HOLDS] + counts[Status.FAILS]
    words = [f"{counts[Status.HOLDS]} of {proven} checks hold"]
    if counts[Status.NOT_APPLICABLE]:
        words.append(f"{counts[Status.NOT_APPLICABLE]} do not apply to this lab")
    return Text(", ".join(words), "bold red" if counts[Status.FAILS] else "bold green")
