"""Certificates for servers on the loopback, issued by an authority that only the test knows."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import trustme

LOOPBACK = ("127.0.0.1", "localhost")


@dataclass(frozen=True, slots=True)
class Certificates:
    """Paths of PEM files: the authority's certificate, and the server's certificate chain and key."""

    ca_file: Path
    cert_file: Path
    key_file: Path

    def server_context(self) -> ssl.SSLContext:
        """The context of a server that shows this certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.cert_file, self.key_file)
        return context

    def client_context(self) -> ssl.SSLContext:
        """The context of a client that trusts this authority and no other."""
        return ssl.create_default_context(cafile=str(self.ca_file))


def issue_certificates(
    directory: Path,
    *,
    hosts: tuple[str, ...] = LOOPBACK,
    authority: trustme.CA | None = None,
    not_after: datetime | None = None,
) -> Certificates:
    """Write a certificate for `hosts` into `directory`, by a new authority unless one is given."""
    authority = authority or trustme.CA()
    directory.mkdir(parents=True, exist_ok=True)
    issued = Certificates(directory / "ca.pem", directory / "server.pem", directory / "server.key")
    leaf = authority.issue_cert(*hosts, not_after=not_after)
    authority.cert_pem.write_to_path(str(issued.ca_file))
    leaf.private_key_pem.write_to_path(str(issued.key_file))
    for index, blob in enumerate(leaf.cert_chain_pems):
        blob.write_to_path(str(issued.cert_file), append=index > 0)
    return issued
