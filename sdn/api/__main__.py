"""Process 1 of a lab."""

from __future__ import annotations

from sdn.lab.first import OpenDoor, live


def _import_door() -> OpenDoor:
    from sdn.api.door import open_door

    return open_door


if __name__ == "__main__":
    live(_import_door)
