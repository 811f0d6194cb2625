"""Files of points: JSON Lines, Parquet and NumPy behind the ports `PointSource` and `PointSink`.

The libraries of a format are imported with it, and not before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from adapters.files.jsonl import JsonLinesSource
from adapters.files.jsonl_sink import JsonLinesSink
from adapters.settings import ConfigurationError
from domain.errors import InvalidInput
from domain.ports import Columns, PointSink, PointSource


def _parquet_source(path: Path, columns: Columns) -> PointSource:
    from adapters.files.parquet import ParquetSource  # noqa: PLC0415

    return ParquetSource(path, columns)


def _parquet_sink(path: Path) -> PointSink:
    from adapters.files.parquet_sink import ParquetSink  # noqa: PLC0415

    return ParquetSink(path)


def _numpy_source(path: Path, columns: Columns) -> PointSource:
    from adapters.files.numpy import NumpySource  # noqa: PLC0415

    return NumpySource(path, columns)


def _npy_sink(path: Path) -> PointSink:
    from adapters.files.numpy_sink import NpySink  # noqa: PLC0415

    return NpySink(path)


def _npz_sink(path: Path) -> PointSink:
    from adapters.files.numpy_sink import NpzSink  # noqa: PLC0415

    return NpzSink(path)


_Source = Callable[[Path, Columns], PointSource]
_Sink = Callable[[Path], PointSink]

FORMATS: Mapping[str, tuple[_Source, _Sink]] = MappingProxyType(
    {
        "jsonl": (JsonLinesSource, JsonLinesSink),
        "parquet": (_parquet_source, _parquet_sink),
        "npy": (_numpy_source, _npy_sink),
        "npz": (_numpy_source, _npz_sink),
    }
)

_ENDINGS = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".npy": "npy",
    ".npz": "npz",
}


def open_source(path: Path, *, columns: Columns, format: str | None = None) -> PointSource:  # noqa: A002
    """The file to read points from; its format is what its name says, unless one is given.

    Raises `InvalidInput` for what the format cannot be, `OSError` for a file that cannot be read, and
    `ConfigurationError` where a library is missing.
    """
    make = _made_by(path, format)[0]
    try:
        return make(path, columns)
    except ModuleNotFoundError as error:
        raise _missing(error) from None


def open_sink(path: Path, *, format: str | None = None) -> PointSink:  # noqa: A002
    """The file to write points to. Raises as `open_source` does."""
    make = _made_by(path, format)[1]
    try:
        return make(path)
    except ModuleNotFoundError as error:
        raise _missing(error) from None


def _made_by(path: Path, format_: str | None) -> tuple[_Source, _Sink]:
    name = path.with_suffix("") if path.suffix == ".gz" else path
    found = format_ or _ENDINGS.get(name.suffix.lower(), "")
    if found not in FORMATS:
        raise InvalidInput("format", f"{', '.join(FORMATS)}, and the name '{path.name}' says none of them")
    return FORMATS[found]


def _missing(error: ModuleNotFoundError) -> ConfigurationError:
    return ConfigurationError(f"this format needs {error.name}: pip install 'holdfast[bulk]'")


__all__ = ["FORMATS", "open_sink", "open_source"]
