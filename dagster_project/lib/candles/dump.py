"""Recorded candle files into ClickHouse: whole days at a time, read back and compared, then booked in the gap ledger.

A dump never replaces what a venue said: where both have a candle and differ, the venue's stays and the difference is
counted. What a dump lacks is booked as missing, so that a collector of the same market asks the venue for it. A kill
between rows and ledger leaves rows that the next run finds unchanged and books.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

from dagster_project.lib.candle_files.folder import CandleFile, Recording
from dagster_project.lib.candles.corrections import VALUES, Changes, Stored, changes
from dagster_project.lib.candles.gaps import ROW_REFUSED, Gap, window_state
from dagster_project.lib.candles.ledger import Entry, Known, Ledger
from dagster_project.lib.candles.rows import Candles, Refused, check, empty
from dagster_project.lib.candles.store import CandleStore, Write, key_of
from dagster_project.lib.candles.windows import (
    DAY,
    Range,
    clip,
    closed_end,
    day_of,
    difference,
    expected_count,
    missing,
    moment,
    step_ms,
)
from dagster_project.lib.trading_store import Mode
from dagster_project.settings import Market

if TYPE_CHECKING:
    import numpy as np

CHUNK_ROWS = 50_000  # rows of one market in memory, about; 34 days of minutes
KEPT = 100
NOT_CLOSED = "the candle was not closed yet"
NOT_IN_FILE = "the imported file does not have it"
BEFORE_FILE = "the imported file begins later"
AFTER_FILE = "the imported file ends earlier"


class NotStored(Exception):
    """ClickHouse gave back other values than were written; the message names the market and candle."""


@dataclass
class CandleTally:
    """Where the rows of one recording went; each is counted once.

    `kept` are rows that differ from the venue's candle, which stays; `repeated` rows whose open time the files have
    again. `lacking` counts candles within the days of the files that are stored nowhere.
    """

    recording: Recording
    landed: int = 0
    updated: int = 0
    unchanged: int = 0
    kept: int = 0
    repeated: int = 0
    refused: int = 0
    lacking: int = 0
    days: int = 0
    booked: int = 0
    rejects: list[Refused] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)

    @property
    def read(self) -> int:
        """All rows with a readable time."""
        return self.landed + self.updated + self.unchanged + self.kept + self.repeated + self.refused

    @property
    def different(self) -> int:
        """Rows that are not stored as they are in the files."""
        return self.landed + self.updated + self.kept


def import_recording(
    store: CandleStore,
    ledger: Ledger,
    recording: Recording,
    now: int,
    mode: Mode = Mode.LAND,
    on_rows: Callable[[int], None] = lambda rows: None,
) -> CandleTally:
    """Lands one recording, or says what landing it would do.

    Args:
        now: the clock, epoch ms; candles that end after it are refused.
        on_rows: called with the number of rows read after each chunk.

    Raises:
        NotStored: ClickHouse holds something else than was written.
    """
    tally = CandleTally(recording)
    market = Market(recording.exchange, recording.symbol, recording.timeframe)
    done: list[Range] = []
    for file in recording.files:
        for rows, window in _chunks(file, step_ms(recording.timeframe)):
            _Chunk(store, ledger, market, file, window, now, mode, tally).take(rows, done)
            on_rows(len(rows))
        done.append(Range(file.first, file.last + 1))
    return tally


def _chunks(file: CandleFile, step: int) -> Iterator[tuple[Candles, Range]]:
    """The rows of a file in chunks of whole days, and those days; days between its first and last row may have none."""
    from dagster_project.lib.candles.rows import concat

    length = max(1, CHUNK_ROWS * step // DAY) * DAY
    parts: list[Candles] = []
    begin = file.first // length * length
    for batch in _batches(file):
        while len(batch):
            until = int(batch.time.searchsorted(begin + length))
            if until:
                parts.append(batch.take(slice(0, until)))  # type: ignore[arg-type]
            if until == len(batch):
                break
            yield concat(parts), _days(file, begin, length)
            batch, parts, begin = batch.take(slice(until, None)), [], begin + length  # type: ignore[arg-type]
    yield concat(parts), _days(file, begin, length)


def _days(file: CandleFile, begin: int, length: int) -> Range:
    return Range(max(begin, file.first // DAY * DAY), min(begin + length, file.last // DAY * DAY + DAY))


def _batches(file: CandleFile) -> Iterator[Candles]:
    """Rows in order of time. A file that goes back in time is read whole: CryptoDataDownload's are newest first."""
    import numpy as np

    from dagster_project.lib.candle_files.readers import read_batches, read_candles

    if file.ordered:
        tables: Iterable[np.ndarray] = read_batches(file.path, file.format)
    else:
        table = read_candles(file.path, file.format)
        tables = [table[np.argsort(table["open_time"], kind="stable")]]
    for table in tables:
        # 0 trades is also what a file without the column gives: believed only where nothing was traded.
        told = (table["trades"] > 0) | (~np.isnan(table["quote_volume"]) & (table["volume"] == 0))
        trades = np.where(told, table["trades"], -1)
        numbers = {name: np.ascontiguousarray(table[name]) for name in (*VALUES, "quote_volume")}
        yield Candles(time=np.ascontiguousarray(table["open_time"]), **numbers, trades=trades)


@dataclass(frozen=True)
class _Chunk:
    store: CandleStore
    ledger: Ledger
    market: Market
    file: CandleFile
    window: Range
    now: int
    mode: Mode
    tally: CandleTally

    @property
    def step(self) -> int:
        return step_ms(self.market.timeframe)

    def take(self, rows: Candles, done: list[Range]) -> None:
        """Lands the rows of these days. Where an earlier file of the recording has rows, only holes are filled."""
        good, refused = check(rows, self.step, self.now)
        open_still = good.time + self.step > self.now
        refused += [Refused(int(time), NOT_CLOSED, {"time": int(time)}) for time in good.time[open_still]]
        good = good.take(~open_still)
        self.tally.repeated += len(rows) - len(good) - len(refused)
        self.tally.refused += len(refused)
        self.tally.rejects += refused[: KEPT - len(self.tally.rejects)]
        stored = self.store.stored(self.market, self.window)
        change = changes(stored, self._ours(good, stored, done), "dump")
        self.tally.landed += len(change.rows) - change.corrections
        self.tally.updated += change.corrections
        self.tally.unchanged += len(good) - len(change.rows)
        if self.mode is Mode.COMPARE:
            self._note_differences(change, stored)
        if self.mode is Mode.LAND:
            if len(change.rows):
                self.store.write([Write(self.market, "dump", change, stored)])
                stored = self._read_back(change)
            self._book(stored, refused)

    def _ours(self, good: Candles, stored: Stored, done: list[Range]) -> Candles:
        """The rows that may be written: not where the venue, or an earlier file, has its own."""
        import numpy as np

        if not len(stored.candles) or not len(good):
            return good
        at = np.minimum(np.searchsorted(stored.candles.time, good.time), len(stored.candles) - 1)
        known = stored.candles.time[at] == good.time
        venue = known & (stored.origin[at] == "venue")
        before = stored.candles.take(at)
        differs = np.zeros(len(good), bool)
        for name in VALUES:
            differs |= getattr(before, name) != getattr(good, name)
        self._note(venue & differs, good, before, "the venue has")
        self.tally.kept += int((venue & differs).sum())
        earlier = np.zeros(len(good), bool)
        for one in done:
            earlier |= known & (good.time >= one.start) & (good.time < one.end)
        self.tally.repeated += int((earlier & ~venue & differs).sum())
        self.tally.unchanged -= int(((venue | earlier) & differs).sum())
        return good.take(~(venue | earlier))

    def _note_differences(self, change: Changes, stored: Stored) -> None:
        import numpy as np

        if not len(stored.candles):
            absent = np.ones(len(change.rows), bool)
        else:
            absent = ~np.isin(change.rows.time, stored.candles.time)
        for time in change.rows.time[absent][: KEPT - len(self.tally.differences)]:
            self.tally.differences.append(f"{self._name(int(time))}: not stored")
        rest = change.rows.take(~absent)
        if len(rest):
            self._note(np.ones(len(rest), bool), rest, stored.candles.take(change.replaced), "stored")

    def _note(self, which: np.ndarray, rows: Candles, others: Candles, said: str) -> None:
        import numpy as np

        for at in np.flatnonzero(which)[: KEPT - len(self.tally.differences)]:
            for name in VALUES:
                ours, theirs = getattr(rows, name)[at].item(), getattr(others, name)[at].item()
                if ours != theirs:
                    where = self._name(int(rows.time[at]))
                    self.tally.differences.append(f"{where} {name}: {ours!r} in the file, {said} {theirs!r}")
                    break

    def _name(self, time: int) -> str:
        market = self.market
        return f"{market.exchange} {market.symbol} {market.timeframe} {moment(time):%Y-%m-%d %H:%M:%S}"

    def _read_back(self, change: Changes) -> Stored:
        import numpy as np

        stored = self.store.stored(self.market, self.window)
        at = np.searchsorted(stored.candles.time, change.rows.time)
        found = stored.candles.take(np.minimum(at, max(0, len(stored.candles) - 1))) if len(stored.candles) else empty()
        for name in ("time", *VALUES):
            if not np.array_equal(getattr(found, name), getattr(change.rows, name)):
                raise NotStored(f"{self._name(self.window.start)} and later: {name} was not stored as written")
        return stored

    def _book(self, stored: Stored, refused: list[Refused]) -> None:
        known = self.ledger.windows(self.window)
        gaps = self.ledger.gaps(self.window).get(key_of(self.market), [])
        closed = closed_end(self.now, None, 0, self.step)
        entries, counts = [], []
        for start in range(self.window.start, self.window.end, DAY):
            window = Range(start, start + DAY)
            if not expected_count(clip(window, closed), self.step):
                continue
            inside = stored.candles.between(*window).time
            bad = [one for one in refused if one.time is not None and start <= one.time < window.end]
            old = [gap for gap in gaps if start <= gap.range.start < window.end]
            entry = self._entry(window, clip(window, closed), inside, old, bad)
            self.tally.days += 1
            self.tally.lacking += entry.expected - entry.got - entry.empty
            if not _same(entry, known.get((key_of(self.market), start)), old):
                entries.append(entry)
                counts.append((key_of(self.market), day_of(start), entry.got))
        self.store.note_counts(counts)
        self.ledger.record(entries)
        kept = {one.time for entry in entries for one in entry.refused}
        self.ledger.refuse(self.market, (one for one in refused if one.time not in kept))
        self.tally.booked += len(entries)

    def _entry(self, window: Range, due: Range, times: np.ndarray, old: list[Gap], refused: list[Refused]) -> Entry:
        times = times[times < due.end]
        holes = missing(due, times, self.step)
        settled = [gap for gap in old if gap.state != "missing" and any(_within(gap.range, hole) for hole in holes)]
        known = {gap.range: gap for gap in old}
        found = [
            known.get(piece) or Gap(piece, "missing", self._cause(piece, refused), 0, self.now, self.now)
            for hole in difference(holes, [gap.range for gap in settled])
            for piece in self._pieces(hole)
        ]
        expected, got = expected_count(due, self.step), len(times)
        blank = sum(expected_count(gap.range, self.step) for gap in settled)
        state = window_state(expected=expected, got=got, empty=blank, over=due.end == window.end, failed=False)
        causes = Counter(gap.cause for gap in found)
        return Entry(
            self.market, window, state, expected, got, blank, causes.most_common(1)[0][0] if causes else None, self.now,
            gaps=tuple(sorted([*settled, *found], key=lambda gap: gap.range)), refused=tuple(refused),
        )  # fmt: skip

    def _pieces(self, hole: Range) -> Iterator[Range]:
        """A hole cut where the file begins and ends: what lies outside is no fault of the file."""
        cuts = sorted(
            {hole.start, *(cut for cut in (self.file.first, self._end) if hole.start < cut < hole.end), hole.end}
        )
        for start, end in pairwise(cuts):
            yield Range(start, end)

    def _cause(self, hole: Range, refused: list[Refused]) -> str:
        if hole.end <= self.file.first:
            return BEFORE_FILE
        if hole.start >= self._end:
            return AFTER_FILE
        return ROW_REFUSED if any(hole.start <= (one.time or 0) < hole.end for one in refused) else NOT_IN_FILE

    @property
    def _end(self) -> int:
        return self.file.last + self.step


def _within(inner: Range, outer: Range) -> bool:
    return outer.start <= inner.start and inner.end <= outer.end


def _same(entry: Entry, known: Known | None, gaps: list[Gap]) -> bool:
    """Whether the ledger says this already."""
    if known is None or (known.state, known.expected, known.got, known.empty) != (
        entry.state, entry.expected, entry.got, entry.empty,
    ):  # fmt: skip
        return False
    return [(gap.range, gap.state) for gap in gaps] == [(gap.range, gap.state) for gap in entry.gaps]
