"""Documents against their JSON schemas: unknown fields, missing ones, wrong types, values out of range."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path as FilePath
from typing import Any, NamedTuple

from sdn.errors import Fault
from sdn.manifest.document import Document, Path, words_of
from sdn.manifest.kind import KINDS, nearest, one_of

_SCHEMAS = FilePath(__file__).parent / "schemas"
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_WORDS = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "null": "nothing",
    "number": "a number",
    "object": "a mapping",
    "string": "text",
}
_MANY = 16  # names that a message still lists


class SchemaFault(NamedTuple):
    """A fault; `blocks` if the document's meaning cannot be looked at because of it."""

    fault: Fault
    blocks: bool


def schema_for_editors() -> dict[str, Any]:
    """One JSON schema for every document of a manifest file, whatever its kind."""
    return {
        "$schema": _DIALECT,
        "title": "sdn manifest",
        "type": "object",
        "required": ["apiVersion", "kind"],
        "properties": {
            "apiVersion": {"enum": sorted({kind.api_version for kind in KINDS.values()})},
            "kind": {"enum": [*KINDS, "List"]},
        },
        "allOf": [
            {"if": {"properties": {"kind": {"const": name}}}, "then": {"$ref": f"#/$defs/{kind.definition}"}}
            for name, kind in KINDS.items()
        ],
        "$defs": dict(_definitions()),
    }


def schema_faults(document: Document) -> Iterator[SchemaFault]:
    """Everything about a document of an accepted kind that its schema refuses."""
    for error in _validator(document.kind).iter_errors(document.value):
        yield from _faults_of(document, error)


@cache
def _definitions() -> Mapping[str, Any]:
    files = ("cluster.json", "kubernetes.json")
    return {
        name: schema for file in files for name, schema in json.loads((_SCHEMAS / file).read_text())["$defs"].items()
    }


@cache
def _validator(kind: str) -> Any:
    import jsonschema_rs  # 45 ms: only once there is something to validate

    schema = {"$ref": f"#/$defs/{KINDS[kind].definition}", "$defs": dict(_definitions())}
    return jsonschema_rs.Draft202012Validator(schema)


def _faults_of(document: Document, error: Any) -> Iterator[SchemaFault]:
    path: Path = tuple(error.instance_path)
    schema, keyword = _subschema(error.schema_path), error.kind.name
    if keyword == "additionalProperties":
        for name in error.kind.unexpected:
            yield SchemaFault(_unknown_field(document, path, name, schema["properties"]), blocks=False)
    elif keyword == "required":
        name = error.kind.property
        expected = _expected(_resolved(schema["properties"][name]))
        yield SchemaFault(document.fault((*path, name), "nothing", expected), blocks=True)
    elif keyword == "enum":
        options = [str(option) for option in schema["enum"]]
        hint = nearest(error.instance, options)
        yield SchemaFault(document.fault(path, words_of(error.instance), one_of(options), hint), blocks=False)
    else:
        expected, blocks = _expected(schema), keyword in ("type", "minItems")
        hint = ""
        if keyword == "type" and schema["type"] == "string" and isinstance(error.instance, bool | int | float):
            hint = "write it in quotes"
        elif keyword == "minItems":
            expected = "a list that is not empty"
        yield SchemaFault(document.fault(path, words_of(error.instance), expected, hint), blocks)


def _unknown_field(document: Document, path: Path, name: str, known: Mapping[str, Any]) -> Fault:
    expected = one_of(sorted(known)) if len(known) <= _MANY else "a field that is known there"
    hint = nearest(name, known)
    return document.fault((*path, name), "a field that is not known", expected, hint, at_key=True)


def _subschema(schema_path: list[str | int]) -> Mapping[str, Any]:
    """The schema whose last keyword refused."""
    schema: Any = {"$defs": _definitions()}
    for step in schema_path[:-1]:
        schema = schema[step]
    return _resolved(schema)


def _resolved(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    return _definitions()[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema


def _expected(schema: Mapping[str, Any]) -> str:
    if "title" in schema:
        return str(schema["title"])
    types = schema.get("type", "object")
    return one_of(_WORDS[name] for name in ([types] if isinstance(types, str) else types) if name != "null")
