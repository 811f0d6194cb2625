"""Servers that tests start: stand-ins for Qdrant, a real Redis, and servers that misbehave."""
