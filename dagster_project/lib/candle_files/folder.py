"""Which files of a folder are candles of which market of which venue, and why the others are not.

1. The name must say the market and timeframe. Futures (`-futures`, or a settle currency) are contracts and become
   `BTC/USDT:USDT`; mark and index prices and funding rates are no candles.
2. The rows must be as far apart as the name says, and the timeframe must divide a UTC day.
3. The venue is the caller's, else the one in the file's name, else the nearest folder that is named like one.
4. Files of one folder that are parts of one dump (`BTCUSDT-1m-2025-01.csv`, `...-02.csv`) belong together. Of two
   others with the same market and timeframe the one with more rows is taken; with equally many, the format that comes
   first in names.FORMATS.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

import numpy as np

from dagster_project.settings import TIMEFRAMES

from .columns import NotCandles
from .names import FORMATS, Named, read_name, walk
from .readers import read_times
from .steps import check_step

NO_CANDLES = {
    "mark": "mark prices, at which nobody traded",
    "index": "index prices, at which nobody traded",
    "premiumIndex": "the premium of a contract over its index",
    "funding_rate": "funding rates",
}


@dataclass(frozen=True)
class CandleFile:
    """One file. `first` and `last` are open times (epoch ms); `ordered`: its rows never go back in time."""

    path: Path
    format: str
    rows: int
    first: int
    last: int
    ordered: bool
    part: bool


@dataclass(frozen=True)
class Recording:
    """The candles of one market and timeframe, in the order of their first row."""

    exchange: str
    symbol: str
    timeframe: str
    files: tuple[CandleFile, ...]


@dataclass(frozen=True)
class RefusedFile:
    """A file named like candles that is not taken."""

    path: Path
    reason: str


@dataclass(frozen=True)
class Contents:
    """What a folder holds; `others` counts files that are not named like candles."""

    recordings: tuple[Recording, ...]
    refused: tuple[RefusedFile, ...]
    others: int


def look(
    root: Path,
    venues: Collection[str],
    exchange: str | None = None,
    renames: Mapping[str, str] | None = None,
    only: str | None = None,
    on_file: Callable[[Path], None] = lambda path: None,
) -> Contents:
    """Looks through `root` and everything below it; reads the times of every candle file.

    Args:
        venues: names that count as a venue's, such as those of ccxt.
        exchange: the venue of all files.
        renames: symbol as the files have it -> symbol to store; both end in one market.
        only: a glob on the path relative to `root`.
        on_file: called before each file is read.
    """
    refused: list[RefusedFile] = []
    found: dict[tuple[str, str, str], list[CandleFile]] = defaultdict(list)
    others = 0
    for path in walk(root):
        name = read_name(path)
        if only and not (fnmatch(path.relative_to(root).as_posix(), only) or fnmatch(path.name, only)):
            continue
        if name is None:
            others += 1
            continue
        on_file(path)
        try:
            file = _file(name)
            key = (_venue(name, root, venues, exchange), _symbol(name), name.timeframe)
        except NotCandles as reason:
            refused.append(RefusedFile(path, str(reason)))
            continue
        found[key].append(file)
    merged: dict[tuple[str, str, str], list[CandleFile]] = defaultdict(list)
    for (venue, symbol, timeframe), files in found.items():
        merged[venue, (renames or {}).get(symbol, symbol), timeframe] += _choose(
            files, f"{symbol} {timeframe}", refused
        )
    recordings = [
        Recording(*key, tuple(sorted(files, key=lambda file: (file.first, file.path))))
        for key, files in sorted(merged.items(), key=lambda one: (one[0][0], one[0][1], TIMEFRAMES[one[0][2]]))
    ]
    return Contents(tuple(recordings), tuple(sorted(refused, key=lambda file: file.path)), others)


def _file(name: Named) -> CandleFile:
    if name.kind and name.kind != "futures":
        what = NO_CANDLES.get(name.kind, f"{name.kind} of a derivative")
        raise NotCandles(f"holds {what}, not candles")
    times = read_times(name.path, name.format)
    opened = np.unique(times)
    check_step(opened, name.timeframe)
    if name.timeframe not in TIMEFRAMES:
        raise NotCandles(f"{name.timeframe} is not one of {', '.join(TIMEFRAMES)}")
    ordered = bool((np.diff(times) >= 0).all())
    part = name.part is not None
    return CandleFile(name.path, name.format, len(opened), int(opened[0]), int(opened[-1]), ordered, part)


def _symbol(name: Named) -> str:
    settle = name.settle or (name.quote if name.kind == "futures" else None)
    return f"{name.base}/{name.quote}" + (f":{settle}" if settle else "")


def _venue(name: Named, root: Path, venues: Collection[str], given: str | None) -> str:
    stated = name.venue if name.venue in venues else None
    if given:
        if stated and stated != given:
            raise NotCandles(f"its name says {stated}, --exchange says {given}")
        return given
    folders = [part.lower() for part in reversed(name.path.resolve().relative_to(root.resolve().parent).parts[:-1])]
    found = stated or next((folder for folder in folders if folder in venues), None)
    if found is None:
        raise NotCandles("neither its name nor a folder says which venue it is of: give --exchange")
    return found


def _choose(files: list[CandleFile], what: str, refused: list[RefusedFile]) -> list[CandleFile]:
    """The parts of the folder that has the most rows, or the one file that has more."""
    rivals: dict[Path, list[CandleFile]] = defaultdict(list)
    for file in files:
        rivals[file.path.parent if file.part else file.path].append(file)

    def size(group: list[CandleFile]) -> int:
        return sum(file.rows for file in group)

    ranked = sorted(rivals.values(), key=lambda group: (-size(group), FORMATS.index(group[0].format), group[0].path))
    for loser in ranked[1:]:
        compared = f"{size(ranked[0]):,} rows against {size(loser):,}"
        why = f"{what} is taken from {ranked[0][0].path.name} ({compared})"
        refused += [RefusedFile(file.path, why) for file in loser]
    return ranked[0]
