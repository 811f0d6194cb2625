"""The ways into Holdfast: HTTP and the command line."""
