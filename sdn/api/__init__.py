"""The HTTP door of a running lab; `python -m sdn.api` is process 1 of a lab."""
