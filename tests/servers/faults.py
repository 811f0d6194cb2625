"""The tables of all faults: each entry is a server that misbehaves in one way.

`async with HTTP_FAULTS["hang"]() as address:` serves it at `address.host` and `address.port`.
Those of `TLS_FAULTS` take the authority that the client trusts.
"""

from tests.servers.faults_grpc import GRPC_FAULTS
from tests.servers.faults_http import HTTP_FAULTS
from tests.servers.faults_redis import REDIS_FAULTS
from tests.servers.faults_tls import GOOD_TLS, TLS_FAULTS, TlsFault
from tests.servers.tcp import TCP_FAULTS, Address, Fault

__all__ = [
    "GOOD_TLS",
    "GRPC_FAULTS",
    "HTTP_FAULTS",
    "REDIS_FAULTS",
    "TCP_FAULTS",
    "TLS_FAULTS",
    "Address",
    "Fault",
    "TlsFault",
]
