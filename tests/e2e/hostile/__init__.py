"""Requests that mean harm: drawn from a seed, sent on raw sockets to a real process, and judged."""
