"""Manifests: YAML to the user's objects, or every fault with its place.

Text goes through four steps: `read` (YAML that is sound), `schema` (each document by itself), `check` (all of them
together), `build` (the model).
"""

from sdn.manifest.load import Loaded, from_checked, from_documents, load
from sdn.manifest.schema import schema_for_editors
from sdn.manifest.source import Source, read_sources

__all__ = ["Loaded", "Source", "from_checked", "from_documents", "load", "read_sources", "schema_for_editors"]
