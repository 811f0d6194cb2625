"""Prints the document: `python -m entrypoints.http.openapi`."""

import sys

from entrypoints.http.openapi import document_bytes

sys.stdout.buffer.write(document_bytes() + b"\n")
