"""What tells one data directory from every other, for those who remember what it said."""

from __future__ import annotations

import secrets
from contextlib import suppress
from pathlib import Path

NAME = "identity"


def identity(root: Path) -> str:
    """A random name, the same as long as the directory exists. Raises `OSError` where it cannot be kept."""
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = root / NAME
    with suppress(FileExistsError):
        new = root / f"{NAME}.{secrets.token_hex(4)}"
        new.write_text(secrets.token_hex(8))
        try:
            # As one: another process sees the whole name, or none.
            file.hardlink_to(new)
        finally:
            new.unlink()
    return file.read_text()
