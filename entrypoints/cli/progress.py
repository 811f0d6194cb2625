"""How far a long command is: a bar on a terminal, a line now and then elsewhere. Always on stderr."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Self, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

EVERY_SECONDS = 5.0
"""The least time between two lines, where there is no terminal."""


class progress:  # noqa: N801
    """`with progress("importing", total) as bar: bar.advance(n)`, with the rate and the time left.

    `total` is None where nobody knows; it may be set later. `done` is how many were done before, which the
    rate leaves out. `file` is stderr by default; `clock` counts seconds.
    """

    def __init__(
        self,
        title: str,
        total: int | None = None,
        *,
        done: int = 0,
        file: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.done = self._before = done
        self._title = title
        self._total = total
        self._clock = clock
        self._begun = self._said = clock()
        self._file = file or sys.stderr
        self._bar = _bar(self._file) if self._file.isatty() else None
        self._task = self._bar.add_task(title, total=total, completed=done) if self._bar is not None else None

    def __enter__(self) -> Self:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if self._bar is not None:
            self._bar.stop()
        else:
            self._say()

    def advance(self, count: int = 1) -> None:
        """So many more are done."""
        self.done += count
        if self._bar is not None and self._task is not None:
            self._bar.advance(self._task, count)
        elif self._clock() - self._said >= EVERY_SECONDS:
            self._say()

    def expect(self, total: int) -> None:
        """There are so many in all."""
        self._total = total
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, total=total)

    def say(self, line: str) -> None:
        """Write a line that stays, above the bar."""
        if self._bar is not None:
            self._bar.console.print(line, markup=False, highlight=False)
        else:
            print(line, file=self._file, flush=True)

    def tell_waiting(self, error: Exception, seconds: float) -> None:
        """Say that a call is made again after so many seconds, and why."""
        self.say(waiting_line(error, seconds))

    def _say(self) -> None:
        now = self._clock()
        self._said = now
        rate = (self.done - self._before) / (now - self._begun) if now > self._begun else 0.0
        of = "" if self._total is None else f" of {self._total:,}"
        left = ""
        if self._total is not None and rate and self._total > self.done:
            left = f", {_duration((self._total - self.done) / rate)} left"
        print(f"{self._title}: {self.done:,}{of}, {rate:,.0f}/s{left}", file=self._file, flush=True)


def waiting_line(error: Exception, seconds: float) -> str:
    """What is said while a call waits to be made again."""
    return f"{error}; trying again in {seconds:.1f} s"


class _Rate(ProgressColumn):
    """How many a second."""

    def render(self, task: Task) -> Text:
        """The rate of the last while."""
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:,.0f}/s")


def _bar(file: TextIO) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(),
        console=Console(file=file),
    )


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
