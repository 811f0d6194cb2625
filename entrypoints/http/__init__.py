"""Holdfast over HTTP: a Starlette application."""

from entrypoints.http.app import create_app

__all__ = ["create_app"]
