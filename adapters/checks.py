"""What values of the settings are checked for. No error quotes the value."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Annotated
from urllib.parse import SplitResult, urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr

Seconds = Annotated[float, Field(gt=0, le=3600, allow_inf_nan=False)]
Share = Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)]


class Section(BaseModel):
    """Settings that belong together. None but those is taken, and none changes."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


def check_printable(secret: SecretStr | None) -> SecretStr | None:
    """The secret without white space around it. Raises `ValueError`: a driver would quote a bad one in its errors."""
    if secret is None or not (text := secret.get_secret_value().strip()):
        return None
    if not text.isascii() or not text.isprintable():
        raise ValueError("must be printable ASCII")
    return SecretStr(text)


def check_outlasts(deadline: str, seconds: float, timeout: str, least: float) -> None:
    """Raise `ValueError`, which names both, unless the deadline of a request is past the time limit of its call."""
    if seconds <= least:
        raise ValueError(
            f"{deadline}: must be greater than {timeout}, since a call that its caller leaves first says nothing "
            "about the backend: one that hangs would never be found out"
        )


def split_url(url: str, schemes: tuple[str, ...], expected: str) -> SplitResult:
    """The parts of `url`. Raises `ValueError(expected)`, which quotes nothing, where it is no such URL."""
    try:
        parts = urlsplit(url)
        whole = parts.path if parts.scheme == "unix" else parts.hostname and parts.port != 0
    except ValueError:
        raise ValueError(expected) from None
    if parts.scheme not in schemes or not whole or not url.isascii() or not url.isprintable() or " " in url:
        raise ValueError(expected)
    return parts


def check_ca_file(path: Path | None) -> Path | None:
    """The path, where certificates can be read from it. Raises `ValueError`."""
    try:
        if path is not None:
            ssl.create_default_context(cafile=path)
    except OSError:
        raise ValueError("must be the path of a PEM file with certificates") from None
    return path
