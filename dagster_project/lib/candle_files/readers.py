"""One reader per file format; each gives CANDLE rows as recorded, in batches, or raises NotCandles with the reason."""

from __future__ import annotations

import csv
import gzip
import io
import json
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from dagster_project.lib.json_stream import Mark, items

from .columns import POSITIONS, REQUIRED, NotCandles, match_columns, to_candles, to_ms
from .table import empty

BATCH = 65_536
"""Rows at a time; what pyarrow writes into one batch of a feather file."""


def read_batches(path: Path, file_format: str) -> Iterator[np.ndarray]:
    """The rows of one file that have a readable time, in recorded order, so many at a time that memory stays bounded.

    A fault late in a file shows only there: read the times first (`read_times` reads all of a text file).
    """
    with _reasons(path, file_format):
        if file_format in ("feather", "parquet"):
            batches = _from_arrow(path, file_format)
        elif file_format in ("json", "json.gz"):
            batches = _from_json(path, file_format)
        else:
            batches = _from_csv(path, file_format)
        for candles in batches:
            yield candles[candles["open_time"] > 0]


def read_candles(path: Path, file_format: str) -> np.ndarray:
    """All rows of one file that have a readable time, in recorded order."""
    return np.concatenate([empty(), *read_batches(path, file_format)])


def read_times(path: Path, file_format: str) -> np.ndarray:
    """Open times (ms) only, which is cheap for the columnar formats."""
    if file_format not in ("feather", "parquet"):
        found = [batch["open_time"].copy() for batch in read_batches(path, file_format)]
        return np.concatenate([np.empty(0, np.int64), *found])
    with _reasons(path, file_format):
        import pyarrow as pa

        if file_format == "parquet":
            import pyarrow.parquet as pq

            column = match_columns(pq.read_schema(path).names)["open_time"]
            table = pq.read_table(path, columns=[column])
        else:
            import pyarrow.feather as feather

            with pa.memory_map(str(path)) as source:
                column = match_columns(pa.ipc.open_file(source).schema.names)["open_time"]
            table = feather.read_table(path, columns=[column])
        times = to_ms(_numpy(table.column(column)))
    return times[times > 0]


@contextmanager
def _reasons(path: Path, file_format: str) -> Iterator[None]:
    """Whatever goes wrong while a file is read becomes the reason why it is refused."""
    try:
        if path.stat().st_size == 0:
            raise NotCandles("an empty file (0 bytes)")
        yield
    except NotCandles:
        raise
    except Exception as error:
        said = str(error).splitlines() or [type(error).__name__]
        raise NotCandles(f"cannot be read as {file_format}: {said[0]}") from error


def _from_arrow(path: Path, file_format: str) -> Iterator[np.ndarray]:
    for batch in _arrow_batches(path, file_format):
        fields = match_columns(batch.schema.names)
        yield to_candles({field: _numpy(batch.column(name)) for field, name in fields.items()})


def _arrow_batches(path: Path, file_format: str) -> Iterator[Any]:
    import pyarrow as pa

    if file_format == "parquet":
        import pyarrow.parquet as pq

        with pq.ParquetFile(path) as file:
            yield from file.iter_batches(BATCH)
    else:
        with pa.memory_map(str(path)) as source:
            file = pa.ipc.open_file(source)
            for number in range(file.num_record_batches):
                yield file.get_batch(number)


def _numpy(column: Any) -> np.ndarray:
    import pyarrow as pa

    if pa.types.is_timestamp(column.type):
        whole = column.cast(pa.timestamp("ms"), safe=False).cast(pa.int64()).fill_null(0)
        return whole.to_numpy().astype("datetime64[ms]")
    if pa.types.is_date(column.type):
        return column.to_numpy(zero_copy_only=False).astype("datetime64[ms]")
    return column.to_numpy(zero_copy_only=False)


@contextmanager
def _bytes(path: Path, file_format: str) -> Iterator[BinaryIO]:
    if file_format.endswith(".gz"):
        with gzip.open(path) as file:
            yield file  # type: ignore[misc]
    elif file_format == "zip":
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if name.lower().endswith(".csv")]
            if len(names) != 1:
                raise NotCandles(f"holds {len(names)} CSV files, not one")
            with archive.open(names[0]) as file:
                yield file  # type: ignore[misc]
    else:
        with path.open("rb") as file:
            yield file


def _from_json(path: Path, file_format: str) -> Iterator[np.ndarray]:
    with _bytes(path, file_format) as file:
        found = items(file, json.JSONDecoder())
        first = next(found)
        if first.key or first.value is not Mark.LIST:
            raise NotCandles(f"a JSON {'dict' if first.key else type(first.value).__name__}, not a list of candles")
        rows = (item.value for item in found)
        some = False
        for batch in _batches(rows):
            some = True
            if isinstance(batch[0], dict):
                fields = match_columns(list(batch[0]))
                yield to_candles({field: [row.get(name) for row in batch] for field, name in fields.items()})
            else:
                yield _from_lists(batch)
        if not some:
            raise NotCandles("an empty list")


def _from_csv(path: Path, file_format: str) -> Iterator[np.ndarray]:
    with _bytes(path, file_format) as file:
        lines = csv.reader(io.TextIOWrapper(file, encoding="utf-8-sig", newline=""))
        # CryptoDataDownload's first line is its address.
        rows = (line for line in lines if line and not line[0].startswith("http"))
        first = next(rows, None)
        if first is None:
            raise NotCandles("no rows")
        if _is_number(first[-1]) and len(first) >= len(REQUIRED):
            for batch in _batches(_after(first, rows)):
                yield _from_lists(batch)
            return
        fields = match_columns(first)
        places = {field: first.index(name) for field, name in fields.items()}
        for batch in _batches(row for row in rows if len(row) == len(first)):
            yield to_candles({field: [row[place] for row in batch] for field, place in places.items()})


def _batches(rows: Iterable[Any]) -> Iterator[list[Any]]:
    rows = iter(rows)
    while batch := list(islice(rows, BATCH)):
        yield batch


def _after(first: Any, rest: Iterable[Any]) -> Iterator[Any]:
    yield first
    yield from rest


def _from_lists(rows: list[Any]) -> np.ndarray:
    """Rows in Binance's order; ccxt's six values are its first six."""
    rows = [row for row in rows if isinstance(row, list) and len(row) >= len(REQUIRED) and _is_time(row[0])]
    if not rows:
        raise NotCandles("no row of [time, open, high, low, close, volume]")
    width = min(len(row) for row in rows)
    fields = {name: place for name, place in POSITIONS.items() if place < (width if width > 10 else len(REQUIRED))}
    return to_candles({name: [row[place] for row in rows] for name, place in fields.items()})


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _is_time(value: Any) -> bool:
    if isinstance(value, int | float):
        return value > 0
    return isinstance(value, str) and int(to_ms([value])[0]) > 0
