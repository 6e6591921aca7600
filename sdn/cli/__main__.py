"""`python -m sdn.cli` is `sdn`."""

from sdn.cli import main

main()
