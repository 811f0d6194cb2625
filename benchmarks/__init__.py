"""How fast the service is, measured as a client sees it: `python -m benchmarks`."""
