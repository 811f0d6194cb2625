"""The embedded engine beside its peers, in one run: `python -m benchmarks.engines`."""
