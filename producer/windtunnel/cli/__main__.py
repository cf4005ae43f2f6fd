"""`python -m windtunnel.cli` is the `windtunnel` command."""

from windtunnel.cli import main

main()
