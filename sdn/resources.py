"""Where the pipeline and the topologies are, in a checkout and in an installed package alike.

In a checkout `sdn/flows` and `sdn/topologies` are links to the folders at its top; a built package holds the files.
"""

from __future__ import annotations

from pathlib import Path

__all__ = ["flows", "topologies"]

_PACKAGE = Path(__file__).parent


def flows() -> Path:
    """The folder of the OpenFlow pipeline: one file per table."""
    return _PACKAGE / "flows"


def topologies() -> Path:
    """The folder of the topologies that come along."""
    return _PACKAGE / "topologies"
