"""`python -m entrypoints.cli` is the `holdfast` command."""

from entrypoints.cli.main import main

main()
