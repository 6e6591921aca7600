"""Where a running lab keeps its things, below its own /run."""

from __future__ import annotations

from pathlib import Path

NETNS = Path("/run/netns")
LAB = Path("/run/sdn")
DOOR = LAB / "door.sock"
NAME = LAB / "name"
LOGS = LAB / "log"
EMPTY_DATABASE = LAB / "empty.db"
