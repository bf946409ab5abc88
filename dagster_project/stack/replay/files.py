"""Which files of a folder are recorded candles, and of what: the folder defines markets, base timeframes and dates.

Every file whose name is a candle file's (lib/candle_files) is used, or skipped with a reason. Rules, in this order:

1. The name must mean spot candles; futures, mark prices and funding rates are not.
2. Binance must have the timeframe, and most steps between neighbouring rows must equal it (else the name lies).
3. Dump files of one pair and timeframe in one folder (`BTCUSDT-1m-2025-01.csv`, `...-02.csv`) are one recording.
4. Of two recordings of the same market and timeframe the one with more rows wins; with equally many, the format that
   comes first in `names.FORMATS`; then the path that sorts first. Recordings are never mixed.

Rows with the same open time: the last one in the file wins. Rows without a readable time are left out. Everything else
is served as it was recorded, also a high below a low or a price that is not a number: a venue can be wrong.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatch
from pathlib import Path

import numpy as np

from dagster_project.lib.candle_files.columns import NotCandles
from dagster_project.lib.candle_files.names import FORMATS, Named, file_format, read_name, walk
from dagster_project.lib.candle_files.readers import read_candles, read_times
from dagster_project.lib.candle_files.steps import check_step

from .candles import Market
from .intervals import INTERVALS, next_open


class NoCandles(Exception):
    """A folder without a usable candle file; the message is one line and names the fix."""


@dataclass(frozen=True)
class Recording:
    """The recorded candles of one market and timeframe."""

    base: str
    quote: str
    timeframe: str
    first: datetime
    """Open time of the first candle (UTC)."""
    last: datetime
    """Open time of the last candle (UTC)."""
    rows: int
    files: tuple[Path, ...]
    format: str
    venue: str | None = None
    """The venue that the file's name states, if any."""

    @property
    def symbol(self) -> str:
        """The unified symbol, e.g. `BTC/USDT`."""
        return f"{self.base}/{self.quote}"

    @property
    def end(self) -> datetime:
        """Right after the last candle (UTC)."""
        opened = np.array([round(self.last.timestamp() * 1000)])
        return datetime.fromtimestamp(int(next_open(self.timeframe, opened)[0]) / 1000, UTC)


@dataclass(frozen=True)
class Skipped:
    """A file named like candles that is not served."""

    path: Path
    reason: str


@dataclass(frozen=True)
class Dataset:
    """What a folder holds."""

    folder: Path
    recordings: tuple[Recording, ...]
    skipped: tuple[Skipped, ...]
    others: int
    """Files whose names are not candle files' names."""

    @property
    def markets(self) -> tuple[Market, ...]:
        """The markets with their recorded intervals, finest first."""
        held: dict[tuple[str, str], list[str]] = defaultdict(list)
        for recording in self.recordings:
            held[recording.base, recording.quote].append(recording.timeframe)
        return tuple(
            Market(base, quote, tuple(sorted(intervals, key=lambda interval: INTERVALS[interval])))
            for (base, quote), intervals in sorted(held.items())
        )

    @property
    def end(self) -> datetime:
        """Right after the last candle of all."""
        return max(recording.end for recording in self.recordings)


def describe(folder: str | Path, only: str | None = None) -> Dataset:
    """Look through `folder` and everything below it; `only` is a glob on the path relative to it (`okx_*`).

    Columnar files cost a read of their time column, JSON and CSV a full read. NoCandles when nothing is usable.
    """
    root = Path(folder)
    if not root.is_dir():
        raise NoCandles(f"{root} is not a folder: give the folder that holds the candle files")
    named, others = [], 0
    for path in walk(root):
        relative = path.relative_to(root).as_posix()
        name = read_name(path)
        if name is None or (only and not (fnmatch(relative, only) or fnmatch(path.name, only))):
            others += 1
        else:
            named.append(name)
    skipped: list[Skipped] = []
    found: list[Recording] = []
    parts: dict[tuple[Path, str, str, str], list[Named]] = defaultdict(list)
    for name in named:
        parts[(name.path.parent, name.base, name.quote, name.timeframe) if name.part else _alone(name)].append(name)
    for group in parts.values():
        recording = _recording(group, skipped)
        if recording is not None:
            found.append(recording)
    chosen = _choose(found, root, skipped)
    if not chosen:
        looked = f"{len(named)} named like one, all skipped" if named else f"none of {others} files is named like one"
        hint = f" (first: {skipped[0].path.name}: {skipped[0].reason})" if skipped else ""
        wanted = "name files like BTC_USDT-5m.feather (json, json.gz, parquet, csv)"
        raise NoCandles(f"no candle file in {root}: {looked}{hint}; {wanted}")
    ordered = sorted(skipped, key=lambda skip: skip.path)
    return Dataset(root, tuple(chosen), tuple(ordered), others)


def load(recording: Recording) -> np.ndarray:
    """All candles of a recording, ascending, one per open time."""
    candles = np.concatenate([read_candles(path, file_format(path)) for path in recording.files])
    _, places = np.unique(candles["open_time"][::-1], return_index=True)
    return candles[::-1][places]


def _alone(name: Named) -> tuple[Path, str, str, str]:
    return (name.path, name.base, name.quote, name.timeframe)


def _recording(group: list[Named], skipped: list[Skipped]) -> Recording | None:
    used: list[Named] = []
    times: list[np.ndarray] = []
    for name in group:
        try:
            opened = _times(name)
        except NotCandles as reason:
            skipped.append(Skipped(name.path, str(reason)))
            continue
        used.append(name)
        times.append(opened)
    if not used:
        return None
    opened = np.unique(np.concatenate(times))
    first = used[0]
    return Recording(
        base=first.base,
        quote=first.quote,
        timeframe=first.timeframe,
        first=datetime.fromtimestamp(int(opened[0]) / 1000, UTC),
        last=datetime.fromtimestamp(int(opened[-1]) / 1000, UTC),
        rows=len(opened),
        files=tuple(name.path for name in used),
        format=first.format,
        venue=first.venue,
    )


def _times(name: Named) -> np.ndarray:
    """Open times of a file that holds what its name says, else NotCandles."""
    if name.kind:
        raise NotCandles(f"holds {name.kind} of a derivative, not spot candles")
    if name.settle:
        raise NotCandles(f"a contract settled in {name.settle}, not a spot market")
    opened = np.unique(read_times(name.path, name.format))
    check_step(opened, name.timeframe)
    if name.timeframe not in INTERVALS:
        raise NotCandles(f"Binance has no {name.timeframe} candles")
    return opened


def _choose(found: list[Recording], root: Path, skipped: list[Skipped]) -> list[Recording]:
    rivals: dict[tuple[str, str, str], list[Recording]] = defaultdict(list)
    for recording in found:
        rivals[recording.base, recording.quote, recording.timeframe].append(recording)
    chosen = []
    for recordings in rivals.values():
        recordings.sort(key=lambda r: (-r.rows, FORMATS.index(r.format), r.files[0]))
        winner = recordings[0]
        chosen.append(winner)
        shown = winner.files[0].relative_to(root).as_posix()
        for loser in recordings[1:]:
            compared = f"{winner.rows:,} rows against {loser.rows:,}"
            skipped += [
                Skipped(path, f"{loser.symbol} {loser.timeframe} is served from {shown} ({compared})")
                for path in loser.files
            ]
    return sorted(chosen, key=lambda r: (r.base, r.quote, INTERVALS[r.timeframe]))
