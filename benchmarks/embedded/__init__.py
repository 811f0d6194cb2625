"""The embedded engine beside the same engine without a service around it: `python -m benchmarks.embedded`."""
