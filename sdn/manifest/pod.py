"""Pods and namespaces: names, labels, ports, and what is not supported yet."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sdn.errors import Fault
from sdn.manifest.document import Field, words_of
from sdn.manifest.kind import nearest, one_of
from sdn.model import Protocol

LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
LABEL_WORDS = "a DNS label (RFC 1123: a-z, 0-9 and '-' inside, at most 63 characters)"
_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_SUBDOMAIN_WORDS = "a DNS name (RFC 1123: a-z, 0-9, '-' and '.' inside, at most 253 characters)"
_PORT_NAME = re.compile(r"(?=.*[a-z])(?!.*--)[a-z0-9]([-a-z0-9]{0,13}[a-z0-9])?")
_PORT_WORDS = "a port name (RFC 6335: a-z, 0-9 and single '-' inside, one letter at least, at most 15 characters)"
_QUALIFIED = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
_KEY_WORDS = "a label key: an optional DNS name and '/', then at most 63 of A-Z, a-z, 0-9, '-', '_' and '.'"
_VALUE_WORDS = "at most 63 of A-Z, a-z, 0-9, '-', '_' and '.', with a letter or digit at both ends"
_LONGEST = 254  # namespace and name together, since `namespace_name` is the name of a file


def name_faults(document: Field, namespaced: bool) -> Iterator[Fault]:
    """What is wrong with an object's name, namespace and labels."""
    metadata = document["metadata"]
    name, namespace = metadata["name"], metadata["namespace"]
    if not name.value:
        yield name.fault("a name")
    elif not namespaced:
        yield from _label_faults(name)
    elif len(name.value) > 253 or not _SUBDOMAIN.fullmatch(name.value):
        yield name.fault(_SUBDOMAIN_WORDS)
    elif len(name.value) + len(namespace.value or "default") > _LONGEST:
        yield name.fault(f"a name that with its namespace has at most {_LONGEST} characters")
    if namespaced and namespace.value:
        yield from _label_faults(namespace)
    for key, value in (metadata["labels"].value or {}).items():
        prefix, slash, last = key.rpartition("/")
        if not _QUALIFIED.fullmatch(last) or (slash and not (len(prefix) <= 253 and _SUBDOMAIN.fullmatch(prefix))):
            yield metadata["labels"][key].fault(_KEY_WORDS, words_of(key), at_key=True)
        if value and not _QUALIFIED.fullmatch(value):
            yield metadata["labels"][key].fault(_VALUE_WORDS)


def _label_faults(field: Field) -> Iterator[Fault]:
    if not LABEL.fullmatch(field.value):
        yield field.fault(LABEL_WORDS)


def pod_faults(pod: Field) -> Iterator[Fault]:
    """What is wrong with a pod, whatever else there is."""
    spec = pod["spec"]
    if not spec["nodeName"].value:
        yield spec["nodeName"].fault("the name of a node, since nothing schedules pods yet")
    if spec["hostNetwork"].value:
        yield spec["hostNetwork"].fault("false: pods in their node's network are not supported yet")
    if not spec["containers"].value:
        yield spec["containers"].fault("a list that is not empty")
    first: dict[str, Field] = {}
    for container in spec["containers"]:
        name = container["name"]
        yield from _label_faults(name)
        if name.value in first:
            hint = f"it is first at {first[name.value].where}"
            yield name.fault("a name that no other container of the pod has", f"{name.value} again", hint)
        first.setdefault(name.value, name)
        yield from _port_faults(container["ports"])


def _port_faults(ports: Field) -> Iterator[Fault]:
    first: dict[str, Field] = {}
    for port in ports:
        number, protocol, name = port["containerPort"], port["protocol"], port["name"]
        if not 1 <= number.value <= 65535:
            yield number.fault("a port from 1 to 65535")
        if protocol.value is not None and protocol.value not in tuple(Protocol):
            yield protocol.fault(one_of(Protocol), hint=nearest(protocol.value, Protocol))
        if not name.value:
            continue
        if not _PORT_NAME.fullmatch(name.value):
            yield name.fault(_PORT_WORDS)
        if name.value in first:
            hint = f"it is first at {first[name.value].where}"
            yield name.fault("a name that no other port of the container has", f"{name.value} again", hint)
        first.setdefault(name.value, name)
