"""A text to documents that know the place of every part of them."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import yaml

from sdn.errors import Fault
from sdn.manifest.compose import Composer, Unreadable
from sdn.manifest.document import Document, shown
from sdn.manifest.source import Source

# what YAML 1.1 allows (section 5.1); the parser's own message for the others has no line
_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_Loader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)  # the C one is seven times as fast


class Read(NamedTuple):
    """What a source holds: each document that could be read, and what is wrong with the text."""

    documents: list[Document]
    faults: list[Fault]


def read(source: Source) -> Read:
    """Read a stream of YAML documents; empty ones are left out."""
    faults: list[Fault] = []
    documents: list[Document] = []
    try:
        for built, sound in Composer(source.name, _Loader(_decoded(source)), faults).documents():
            if sound and built.value is not None:
                documents.append(Document(source.name, built.value, built.place))
    except Unreadable as stop:
        faults.append(stop.fault)
    except yaml.YAMLError as error:
        faults.append(_broken(source.name, error))
    return Read(documents, faults)


def _decoded(source: Source) -> str:
    content = source.text
    try:
        text = content.decode() if isinstance(content, bytes) else content
    except UnicodeDecodeError as error:
        line, column = _position(error.object[: error.start].decode())
        found = f"the byte 0x{error.object[error.start]:02x}, which is not UTF-8"
        raise Unreadable(Fault(source.name, line, column, "", found, "UTF-8 text")) from None
    text = text.removeprefix("\ufeff")
    if bad := _FORBIDDEN.search(text):
        line, column = _position(text[: bad.start()])
        raise Unreadable(Fault(source.name, line, column, "", f"the character U+{ord(bad[0]):04X}", "text"))
    return text


def _position(before: str) -> tuple[int, int]:
    return before.count("\n") + 1, len(before) - before.rfind("\n")


def _broken(name: str, error: yaml.YAMLError) -> Fault:
    if not isinstance(error, yaml.MarkedYAMLError):
        return Fault(name, 0, 0, "", f"broken YAML ({shown(str(error))})", "YAML")
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
    words = ", ".join(filter(None, (error.context, error.problem)))
    return Fault(name, line, column, "", f"broken YAML ({shown(words)})", "YAML")
