"""Serving the application over HTTP/1.1: its processes, their sockets, and the connections of clients."""
