"""One reader per file format; each gives CANDLE rows as recorded, or raises NotCandles with the reason."""

from __future__ import annotations

import csv
import gzip
import io
import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from .candles import empty
from .columns import POSITIONS, REQUIRED, NotCandles, match_columns, to_candles, to_ms


def read_candles(path: Path, file_format: str) -> np.ndarray:
    """All rows of one file that have a readable time, in recorded order."""
    with _reasons(path, file_format):
        if file_format in ("feather", "parquet"):
            table = _table(path, file_format, None)
            fields = match_columns(table.column_names)
            candles = to_candles({field: _numpy(table.column(name)) for field, name in fields.items()})
        elif file_format in ("json", "json.gz"):
            candles = _from_json(_text(path, file_format))
        else:
            candles = _from_csv(_text(path, file_format))
    return candles[candles["open_time"] > 0]


def read_times(path: Path, file_format: str) -> np.ndarray:
    """Open times (ms) only, which is cheap for the columnar formats."""
    if file_format not in ("feather", "parquet"):
        return read_candles(path, file_format)["open_time"]
    with _reasons(path, file_format):
        import pyarrow as pa

        if file_format == "parquet":
            import pyarrow.parquet as pq

            names = pq.read_schema(path).names
        else:
            with pa.memory_map(str(path)) as source:
                names = pa.ipc.open_file(source).schema.names
        column = match_columns(names)["open_time"]
        times = to_ms(_numpy(_table(path, file_format, [column]).column(column)))
    return times[times > 0]


@contextmanager
def _reasons(path: Path, file_format: str) -> Iterator[None]:
    """Whatever goes wrong while a file is read becomes the reason why it is not served."""
    try:
        if path.stat().st_size == 0:
            raise NotCandles("an empty file (0 bytes)")
        yield
    except NotCandles:
        raise
    except Exception as error:
        said = str(error).splitlines() or [type(error).__name__]
        raise NotCandles(f"cannot be read as {file_format}: {said[0]}") from error


def _table(path: Path, file_format: str, columns: list[str] | None) -> Any:
    if file_format == "parquet":
        import pyarrow.parquet as pq

        return pq.read_table(path, columns=columns)
    import pyarrow.feather as feather

    return feather.read_table(path, columns=columns)


def _numpy(column: Any) -> np.ndarray:
    import pyarrow as pa

    if pa.types.is_timestamp(column.type):
        whole = column.cast(pa.timestamp("ms"), safe=False).cast(pa.int64()).fill_null(0)
        return whole.to_numpy().astype("datetime64[ms]")
    if pa.types.is_date(column.type):
        return column.to_numpy().astype("datetime64[ms]")
    return column.to_numpy(zero_copy_only=False)


def _text(path: Path, file_format: str) -> str:
    if file_format.endswith(".gz"):
        return gzip.decompress(path.read_bytes()).decode()
    if file_format == "zip":
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if name.lower().endswith(".csv")]
            if len(names) != 1:
                raise NotCandles(f"holds {len(names)} CSV files, not one")
            return archive.read(names[0]).decode()
    return path.read_text()


def _from_json(text: str) -> np.ndarray:
    rows = json.loads(text)
    if not isinstance(rows, list):
        raise NotCandles(f"a JSON {type(rows).__name__}, not a list of candles")
    if not rows:
        raise NotCandles("an empty list")
    if isinstance(rows[0], dict):
        fields = match_columns(list(rows[0]))
        return to_candles({field: [row.get(name) for row in rows] for field, name in fields.items()})
    return _from_lists(rows)


def _from_csv(text: str) -> np.ndarray:
    lines = list(csv.reader(io.StringIO(text)))
    lines = [line for line in lines if line and not line[0].startswith("http")]  # CryptoDataDownload's first line
    if not lines:
        raise NotCandles("no rows")
    if _is_number(lines[0][-1]) and len(lines[0]) >= len(REQUIRED):
        return _from_lists(lines)
    fields = match_columns(lines[0])
    places = {field: lines[0].index(name) for field, name in fields.items()}
    rows = [line for line in lines[1:] if len(line) == len(lines[0])]
    if not rows:
        return empty()
    return to_candles({field: [row[place] for row in rows] for field, place in places.items()})


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
