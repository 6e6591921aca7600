"""The OpenFlow pipeline as values: rendered from `flows/`, parsed, checked, keyed and compared. No switch is needed."""

from sdn.pipeline.actions import Action
from sdn.pipeline.fields import MatchField
from sdn.pipeline.flow import Flow, Identity, Origin
from sdn.pipeline.parse import parse_flow
from sdn.pipeline.provenance import provenance
from sdn.pipeline.render import ofctl_text, render
from sdn.pipeline.tables import Tables, default_flows, load_tables

__all__ = [
    "Action",
    "Flow",
    "Identity",
    "MatchField",
    "Origin",
    "Tables",
    "default_flows",
    "load_tables",
    "ofctl_text",
    "parse_flow",
    "provenance",
    "render",
]
