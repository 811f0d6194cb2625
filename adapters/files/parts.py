"""Files that are there when they are whole: made under another name beside their own."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import BinaryIO


class PartFile:
    """A file that is to be at `path` in the end. What is made meanwhile has a hidden name of its own."""

    def __init__(self, path: Path) -> None:
        self.path = path
        # A name has at most 255 bytes.
        self.part = path.with_name(f".{path.name[:40]}.{secrets.token_hex(4)}.part")
        self._file: BinaryIO | None = None

    def open(self) -> BinaryIO:
        """The file to write to. Raises `OSError`, as where the folder does not exist."""
        self._file = self.part.open("xb")
        return self._file

    def finish(self) -> None:
        """Write out everything, and then give it its name, in place of a file that may have it."""
        if self._file is not None:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
        self.part.replace(self.path)

    def discard(self) -> None:
        """Remove what was made, unless it was finished."""
        if self._file is not None:
            self._file.close()
        self.part.unlink(missing_ok=True)
