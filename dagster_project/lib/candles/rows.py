"""Candles as columns, and the way from a venue's answer: parsed, put in order, refused where they are wrong."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, NamedTuple

from dagster_project.lib.candles.windows import moment

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

ORIGINS = ("venue", "dump", "resampled", "synthetic")
SECONDS_BELOW = 10**11  # as ms this is March 1973, as seconds the year 5138
MICROSECONDS_FROM = 10**14  # as ms the year 5138, as microseconds March 1973
NANOSECONDS_FROM = 10**17

# Positions in an answer of Binance's klines; ccxt's unified rows are the first six.
TIME, OPEN, HIGH, LOW, CLOSE, VOLUME, QUOTE_VOLUME, TRADES = 0, 1, 2, 3, 4, 5, 7, 8


@dataclass(frozen=True)
class Candles:
    """Columns of equal length, one row per candle.

    `time` is the open time in epoch ms (int64); prices and volumes are float64; `quote_volume` is NaN and `trades`
    (int64) is -1 where the source does not say.
    """

    time: np.ndarray
    open: np.ndarray
    high: np.ndarray
    low: np.ndarray
    close: np.ndarray
    volume: np.ndarray
    quote_volume: np.ndarray
    trades: np.ndarray

    def __len__(self) -> int:
        return len(self.time)

    def take(self, which: np.ndarray) -> Candles:
        """The rows of a mask or of positions."""
        return Candles(**{field.name: getattr(self, field.name)[which] for field in fields(self)})

    def between(self, start: int, end: int) -> Candles:
        """The rows with `start <= time < end`."""
        return self.take((self.time >= start) & (self.time < end))

    def sorted_unique(self) -> Candles:
        """In order of time; of rows with the same time the last one stays."""
        import numpy as np

        if len(self) < 2 or bool((np.diff(self.time) > 0).all()):
            return self
        order = np.argsort(self.time, kind="stable")
        times = self.time[order]
        return self.take(order[np.append(times[1:] != times[:-1], True)])


class Refused(NamedTuple):
    """A row that was refused: its open time (epoch ms, None if it has none), why, and the row as it came."""

    time: int | None
    reason: str
    payload: Any

    @property
    def key(self) -> str:
        """Identity of the row at its source: the open time if there is one."""
        if self.time is None:
            return repr(self.payload)[:100]
        try:
            return moment(self.time).isoformat()
        except (ValueError, OverflowError, OSError):
            return str(self.time)


def empty() -> Candles:
    """No candles."""
    import numpy as np

    times, values = np.empty(0, np.int64), np.empty(0, np.float64)
    return Candles(times, values, values, values, values, values, values, times)


def concat(parts: Iterable[Candles]) -> Candles:
    """All rows, in the order given."""
    import numpy as np

    given = [part for part in parts if len(part)]
    if len(given) < 2:
        return given[0] if given else empty()
    return Candles(
        **{field.name: np.concatenate([getattr(part, field.name) for part in given]) for field in fields(Candles)}
    )


def parse(answer: Sequence[Sequence[Any]]) -> tuple[Candles, list[Refused]]:
    """A venue's rows as columns; rows that are not candles at all are refused.

    Numbers may be text: a double is read from the digits that the venue sent. Times in seconds, microseconds or
    nanoseconds become milliseconds.
    """
    try:
        return _columns(answer), []
    except (TypeError, ValueError, IndexError, OverflowError):
        pass
    good, refused = [], []
    for row in answer:
        try:
            _columns([row])
        except (TypeError, ValueError, IndexError, OverflowError):
            refused.append(Refused(_time(row), "not a candle: a field is missing or not a number", _payload(row)))
        else:
            good.append(row)
    return (_columns(good) if good else empty()), refused


def check(candles: Candles, step: int, now: int) -> tuple[Candles, list[Refused]]:
    """Splits candles into good ones (sorted, one per open time) and refused ones with their reasons.

    Args:
        step: length of a candle in ms.
        now: the venue's clock in ms; an open time after it is refused. Whether a candle is closed is not judged here.
    """
    import numpy as np

    prices = np.stack((candles.open, candles.high, candles.low, candles.close))
    finite = np.isfinite(prices).all(axis=0) & np.isfinite(candles.volume)
    with np.errstate(invalid="ignore"):
        faults = {
            "a price or the volume is not a finite number": ~finite,
            "a price is not positive": finite & (prices <= 0).any(axis=0),
            "the volume is negative": finite & (candles.volume < 0),
            "low is above open, high or close": finite & (candles.low > prices.min(axis=0)),
            "high is below open, low or close": finite & (candles.high < prices.max(axis=0)),
            "the open time is not on the grid of the timeframe": candles.time % step != 0,
            "the open time is in the future": candles.time > now,
        }
    bad = np.zeros(len(candles), bool)
    refused = []
    for reason, mask in faults.items():
        refused += [_refuse(candles, int(position), reason) for position in np.flatnonzero(mask & ~bad)]
        bad |= mask
    good = candles if not bad.any() else candles.take(~bad)
    return good.sorted_unique(), refused


def arrow_table(
    candles: Candles, exchange: str, symbol: str, timeframe: str, origin: str, revision: np.ndarray, ingested_at: int
) -> pa.Table:
    """The rows as an Arrow table with the columns of `market_ohlcv`; times in UTC with millisecond precision.

    Args:
        revision: one number per row.
        ingested_at: epoch ms.
    """
    import numpy as np
    import pyarrow as pa

    count = len(candles)

    def constant(text: str) -> pa.DictionaryArray:
        return pa.DictionaryArray.from_arrays(pa.array(np.zeros(count, np.int8)), pa.array([text]))

    stamp = pa.timestamp("ms", "UTC")
    return pa.table(
        {
            "exchange": constant(exchange),
            "symbol": constant(symbol),
            "timeframe": constant(timeframe),
            "timestamp": pa.array(candles.time).cast(stamp),
            **{name: getattr(candles, name) for name in ("open", "high", "low", "close", "volume")},
            "quote_volume": pa.array(candles.quote_volume, mask=np.isnan(candles.quote_volume)),
            "trades": pa.array(candles.trades.astype(np.uint32), mask=candles.trades < 0),
            "origin": constant(origin),
            "revision": pa.array(revision.astype(np.uint32)),
            "ingested_at": pa.array(np.full(count, ingested_at, np.int64)).cast(stamp),
        }
    )


def _columns(answer: Sequence[Sequence[Any]]) -> Candles:
    import numpy as np

    if not answer:
        return empty()
    columns = list(zip(*answer, strict=False))
    count = len(answer)

    def numbers(position: int) -> np.ndarray:
        return np.fromiter(map(float, columns[position]), np.float64, count)

    detailed = len(columns) > TRADES
    return Candles(
        _milliseconds(np.fromiter(map(int, columns[TIME]), np.int64, count)),
        numbers(OPEN),
        numbers(HIGH),
        numbers(LOW),
        numbers(CLOSE),
        numbers(VOLUME),
        numbers(QUOTE_VOLUME) if detailed else np.full(count, math.nan),
        np.fromiter(map(int, columns[TRADES]), np.int64, count) if detailed else np.full(count, -1, np.int64),
    )


def _milliseconds(times: np.ndarray) -> np.ndarray:
    import numpy as np

    if len(times) and times.min() >= SECONDS_BELOW and times.max() < MICROSECONDS_FROM:
        return times
    units = [times < SECONDS_BELOW, times >= NANOSECONDS_FROM, times >= MICROSECONDS_FROM]
    return np.select(units, [times * 1000, times // 1_000_000, times // 1000], times)


def _refuse(candles: Candles, position: int, reason: str) -> Refused:
    row = {field.name: getattr(candles, field.name)[position].item() for field in fields(candles)}
    return Refused(row["time"], reason, _payload(row))


def _time(row: Any) -> int | None:
    try:
        return int(row[TIME])
    except (TypeError, ValueError, IndexError, KeyError, OverflowError):
        return None


def _payload(row: Any) -> Any:
    """The row as JSON can hold it: NaN and infinity as text."""
    if isinstance(row, dict):
        return {key: _payload(value) for key, value in row.items()}
    if isinstance(row, list | tuple):
        return [_payload(value) for value in row]
    if isinstance(row, float) and not math.isfinite(row):
        return str(row)
    return row if isinstance(row, str | int | float | bool | None) else repr(row)
