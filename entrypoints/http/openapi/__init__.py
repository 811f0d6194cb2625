"""The document of the API in OpenAPI 3.1, made from the types that read the bodies and a table of the routes."""

from entrypoints.http.openapi.document import build_document, document_bytes

__all__ = ["build_document", "document_bytes"]
