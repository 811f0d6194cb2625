"""What the exit code of a command says (in the terms of sysexits.h), and the line that goes with it."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from types import MappingProxyType

from containers import ConfigurationError
from domain.errors import (
    BackendUnavailable,
    CollectionConflict,
    Failure,
    Forbidden,
    HoldfastError,
    InvalidInput,
    NotCached,
    NotFound,
    Overloaded,
    Unauthenticated,
)

EX_DATA = 65
"""A value is wrong, or what is there differs from what was asked for."""
EX_NO_INPUT = 66
"""What was named does not exist."""
EX_UNAVAILABLE = 69
"""A backend is away, or has too much to do. Trying again later may help."""
EX_BUG = 70
"""A mistake in Holdfast."""
EX_CANNOT_CREATE = 73
"""A file would be overwritten."""
EX_IO = 74
"""A file cannot be read to its end, or written."""
EX_NO_PERMISSION = 77
"""There is no key, or it does not give the right."""
EX_CONFIG = 78
"""A setting is wrong."""
EX_INTERRUPTED = 130
"""Ctrl-C, as shells have it."""

EXIT_CODES: Mapping[type[Exception], int] = MappingProxyType(
    {
        ConfigurationError: EX_CONFIG,
        BackendUnavailable: EX_UNAVAILABLE,
        Overloaded: EX_UNAVAILABLE,
        NotCached: EX_UNAVAILABLE,
        Unauthenticated: EX_NO_PERMISSION,
        Forbidden: EX_NO_PERMISSION,
        NotFound: EX_NO_INPUT,
        CollectionConflict: EX_DATA,
        InvalidInput: EX_DATA,
        FileExistsError: EX_CANNOT_CREATE,
        FileNotFoundError: EX_NO_INPUT,
        IsADirectoryError: EX_NO_INPUT,
        PermissionError: EX_NO_INPUT,
        OSError: EX_IO,
        HoldfastError: EX_BUG,
    }
)
"""The code for each error, the first that fits; any other error is a bug."""


def exit_code(error: Exception) -> int:
    """The exit code of a command that ends by this error."""
    if isinstance(error, BackendUnavailable) and error.failure is Failure.UNAUTHORIZED:
        return EX_NO_PERMISSION
    return next((code for kind, code in EXIT_CODES.items() if isinstance(error, kind)), EX_BUG)


def explain(error: Exception) -> str:
    """One line for people. Of a bug it says where it is and not its message, which could quote a secret."""
    if isinstance(error, OSError):
        return f"{error.filename}: {error.strerror}" if error.filename else str(error.strerror)
    if exit_code(error) != EX_BUG:
        return str(error)
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {frames[-1].filename}:{frames[-1].lineno}" if frames else ""
    return f"this is a bug: {type(error).__name__}{place}"
