"""Restricted Jinja2: loops, conditions and names, so that a file of rules reads as the rules that come out of it.

No filter, test, macro, call, comparison or arithmetic: a value that must be worked out gets a name in `sdn.plan`. Only
numbers, Ethernet addresses, IPv4 addresses and prefixes, and references to objects may be rendered. Text is refused, so
no name of a user's object can become part of a rule.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from ipaddress import IPv4Address, IPv4Network
from traceback import walk_tb
from types import MappingProxyType

from jinja2 import Environment, StrictUndefined, TemplateError, TemplateSyntaxError, nodes

from sdn.errors import PipelineError
from sdn.plan import Mac, Ref

_ALLOWED = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Name,
    nodes.Getattr,
    nodes.For,
    nodes.If,
)
# Exact types: a bool is an int to isinstance, a Mac is a str.
_RENDERED: Mapping[type, Callable[[object], str]] = MappingProxyType(
    dict.fromkeys((int, Mac, IPv4Address, IPv4Network, Ref), str)
)


class Template:
    """One compiled file."""

    def __init__(self, file: str, text: str) -> None:
        self._file = file
        environment = Environment(undefined=StrictUndefined, finalize=_finalize, autoescape=False, cache_size=0)
        environment.globals.clear()
        source = "\n".join(_numbered(text))
        try:
            tree = environment.parse(source, filename=file)
            _check(file, tree)
            code = environment.compile(tree, filename=file)
        except TemplateSyntaxError as error:
            raise PipelineError(f"{file}:{error.lineno}", error.message or "not a template") from None
        self._template = environment.template_class.from_code(environment, code, {})

    def render(self, names: Mapping[str, object]) -> Iterator[tuple[int, str]]:
        """The rules that come out, each with the number of its line in the file.

        Raises:
            PipelineError: a name is not known, or its value is none that may stand in a rule.
        """
        try:
            text = self._template.render(names)
        except (TemplateError, TypeError, AttributeError) as error:
            raise PipelineError(f"{self._file}:{self._line_of(error)}", str(error)) from None
        for line in text.split("\n"):
            number, _, rule = line.partition("\t")
            if rule and not rule.isspace():
                yield int(number), rule

    def _line_of(self, error: BaseException) -> int:
        """The line of the file at which `error` was raised: Jinja writes it into the traceback."""
        lines = [line for frame, line in walk_tb(error.__traceback__) if frame.f_code.co_filename == self._file]
        return lines[-1] if lines else 0


def _numbered(text: str) -> Iterator[str]:
    """The lines that are not comments, each led by its number, which so comes out with every copy of it."""
    for number, line in enumerate(text.splitlines(), 1):
        yield "" if line.lstrip().startswith("#") else f"{number}\t{line}"


def _check(file: str, tree: nodes.Template) -> None:
    """Raise PipelineError unless the template is made of loops, conditions and names only."""
    for node in tree.find_all(nodes.Node):
        if not isinstance(node, _ALLOWED) or (isinstance(node, nodes.For) and _more_than_a_loop(node)):
            what = type(node).__name__.lower()
            raise PipelineError(f"{file}:{node.lineno}", f"{what}: a template has for, if and names only")
        name = node.attr if isinstance(node, nodes.Getattr) else node.name if isinstance(node, nodes.Name) else ""
        if name.startswith("_") or name in ("loop", "self"):
            raise PipelineError(f"{file}:{node.lineno}", f"{name!r} is not a name that a template may use")


def _more_than_a_loop(node: nodes.For) -> bool:
    return bool(node.test or node.else_ or node.recursive or not isinstance(node.target, nodes.Name))


def _finalize(value: object) -> str:
    """What stands in the rule for `value`; TypeError if it may not stand in one."""
    write = _RENDERED.get(type(value))
    if write is None:
        if isinstance(value, StrictUndefined):
            return str(value)  # raises, with the name
        kind = type(value).__name__
        raise TypeError(f"{value!r} is a {kind}; only a number, a MAC, an address, a prefix or a ref may be rendered")
    return write(value)
