"""The tables of the pipeline: their numbers and names, from the names of their files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from sdn import resources
from sdn.errors import PipelineError
from sdn.pipeline.template import Template
from sdn.pipeline.words import unknown

_FILE = re.compile(r"([0-9]{2,3})-([a-z][a-z0-9]*(?:-[a-z0-9]+)*)\.flows")
_LAST_TABLE = 254  # 255 is "all tables" in OpenFlow


@dataclass(frozen=True, eq=False)
class Table:
    """One table: `flows/20-from-pod.flows` is table 20, `from_pod`."""

    number: int
    name: str
    file: str
    text: str = field(repr=False)
    template: Template = field(repr=False)

    @property
    def head(self) -> str:
        """The comments before the first rule, without their marks."""
        lines = []
        for line in self.text.splitlines():
            if line and not line.startswith("#"):
                break
            lines.append(line[1:].removeprefix(" "))
        return "\n".join(lines).strip()


@dataclass(frozen=True, eq=False)
class Tables:
    """All tables, by number."""

    by_number: Mapping[int, Table] = field(repr=False)
    names: Mapping[str, int]

    def __iter__(self) -> Iterator[Table]:
        """Every table, lowest number first."""
        return iter(self.by_number.values())

    def number(self, name: str) -> int:
        """The number of the table of that name; ValueError, with the nearest name, if there is none."""
        try:
            return self.names[name]
        except KeyError:
            raise unknown("table", name, self.names) from None

    def name(self, number: int) -> str:
        """The name of table `number`; KeyError if there is none."""
        return self.by_number[number].name


def default_flows() -> Path:
    """The folder of the pipeline that comes along, in a checkout and in an installed package."""
    return resources.flows()


def load_tables(directory: Path | None = None) -> Tables:
    """Read and compile every `*.flows` file of a folder (default: the pipeline that comes along).

    Raises:
        PipelineError: a file is not called `NN-name.flows`, two have one number or name, or a template is wrong.
    """
    folder = default_flows() if directory is None else directory
    tables: dict[int, Table] = {}
    for path in sorted(folder.glob("*.flows")):
        table = _load(path)
        for other in tables.values():
            if table.number == other.number or table.name == other.name:
                raise PipelineError(table.file, f"the same table as {other.file}")
        tables[table.number] = table
    if not tables:
        raise PipelineError(str(folder), "no file NN-name.flows is there")
    ordered = dict(sorted(tables.items()))
    return Tables(
        MappingProxyType(ordered), MappingProxyType({table.name: number for number, table in ordered.items()})
    )


def _load(path: Path) -> Table:
    file = f"flows/{path.name}"
    found = _FILE.fullmatch(path.name)
    if not found or int(found[1]) > _LAST_TABLE:
        raise PipelineError(file, f"not the name of a table, expected as 20-from-pod.flows, 00 to {_LAST_TABLE}")
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PipelineError(file, f"cannot be read: {error}") from None
    return Table(int(found[1]), found[2].replace("-", "_"), file, text, Template(file, text))
