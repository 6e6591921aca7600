"""Process 1 of a lab."""

from __future__ import annotations

from sdn.lab.supervisor import Supervisor, serve


def _open_door(supervisor: Supervisor) -> None:
    from sdn.api.door import open_door  # imported while the switches come up

    open_door(supervisor)


if __name__ == "__main__":
    serve(_open_door)
