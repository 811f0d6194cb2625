"""Copying collections from one store to another, and judging whether the copy is one."""

from domain.copying.copying import Copying, Position
from domain.copying.verification import Verdict

__all__ = ["Copying", "Position", "Verdict"]
