"""Imports a folder of the NOF0 design's JSON files into the trading tables, each file in one transaction.

Every element is accounted for: landed, updated, unchanged or quarantined. A second import of the same folder changes
nothing; one that was killed is simply run again. A file that is missing or broken is reported and its neighbours land.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dagster_project.lib import exact_json, nof0
from dagster_project.lib.trading_rows import (
    ACCOUNTS,
    AGENTS,
    CONVERSATION_MESSAGES,
    CONVERSATIONS,
    EQUITY_SNAPSHOTS,
    ORIGINS,
    POSITIONS,
    PRICE_LATEST,
    PRICE_TICKS,
    SYMBOLS,
    TRADES,
    Reject,
    Row,
    Table,
    Tally,
)
from dagster_project.lib.trading_store import land

if TYPE_CHECKING:
    import psycopg

SOURCE = "import/nof0"


class ImportFailed(Exception):
    """The folder cannot be imported at all; the message is one line and names the fix."""


@dataclass(frozen=True)
class Options:
    """What the folder does not say about itself.

    `origins` overrides `origin` per file stem, such as {"positions": "handmade"}. `as_of` is the time of
    leaderboard.json; without it, the newest serverTime of the files beside it.
    """

    exchange: str = "hyperliquid"
    origin: str = "recorded"
    origins: Mapping[str, str] = field(default_factory=dict)
    as_of: datetime | None = None

    def __post_init__(self) -> None:
        stems = sorted(file.removesuffix(".json") for file in nof0.FILES)
        for stem, origin in self.origins.items():
            if stem not in stems:
                raise ImportFailed(f"--origin {stem}={origin}: {stem!r} is not one of {', '.join(stems)}")
        for origin in (self.origin, *self.origins.values()):
            if origin not in ORIGINS:
                raise ImportFailed(f"--origin {origin!r} is not one of {', '.join(ORIGINS)}")

    def origin_of(self, file: str) -> str:
        """The origin of the rows of one file."""
        return self.origins.get(file.removesuffix(".json"), self.origin)


@dataclass(frozen=True)
class Line:
    """The account of one file and one table."""

    file: str
    table: str
    tally: Tally
    note: str = ""


@dataclass
class Report:
    """The account of one import."""

    lines: list[Line] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    broken: dict[str, str] = field(default_factory=dict)
    not_read: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """The report for a program, with every quarantined row's key and reason."""
        return {
            "lines": [
                {
                    "file": line.file,
                    "table": line.table,
                    "read": line.tally.read,
                    "landed": line.tally.landed,
                    "updated": line.tally.updated,
                    "unchanged": line.tally.unchanged,
                    "quarantined": line.tally.quarantined,
                    "reasons": [{"key": reject.key, "reason": reject.reason} for reject in line.tally.rejects],
                    "note": line.note,
                }
                for line in self.lines
            ],
            "missing": self.missing,
            "broken": self.broken,
            "not_read": self.not_read,
        }


def import_folder(
    connection: psycopg.Connection,
    folder: Path,
    options: Options,
    on_line: Callable[[Line], None] = lambda line: None,
) -> Report:
    """Imports what is in `folder`.

    Args:
        connection: commits after each file (best in autocommit mode, so that each file's transaction ends by itself).
        on_line: called after each file and table.

    Raises:
        ImportFailed: the folder is not there, or holds none of the files.
    """
    if not folder.is_dir():
        raise ImportFailed(f"{folder} is not a folder: give the one that holds trades.json and its neighbours")
    if not any((folder / file).is_file() for file in nof0.FILES):
        raise ImportFailed(f"{folder} holds none of {', '.join(nof0.FILES)}: give the folder of the arena's JSON files")
    report = Report()
    documents = _read(folder, report)
    importer = _Importer(connection, options, report, on_line)
    importer.agents(documents)
    for file, document in documents.items():
        if file in nof0.FILES:
            importer.file(file, document, documents)
    return report


def _read(folder: Path, report: Report) -> dict[str, Any]:
    documents: dict[str, Any] = {}
    for file in (*nof0.FILES, nof0.ENDPOINTS):
        path = folder / file
        if not path.is_file():
            if file != nof0.ENDPOINTS:
                report.missing.append(file)
            continue
        try:
            document = exact_json.loads(path.read_bytes())
            if file in nof0.FILES:
                nof0.elements(file, document)
            documents[file] = document
        except (exact_json.NotJson, nof0.WrongShape, OSError) as error:
            report.broken[file] = str(error)
    report.not_read = sorted(
        path.name for path in folder.iterdir() if path.is_file() and path.name not in (*nof0.FILES, nof0.ENDPOINTS)
    )
    return documents


class _Importer:
    def __init__(
        self, connection: psycopg.Connection, options: Options, report: Report, on_line: Callable[[Line], None]
    ) -> None:
        self.connection = connection
        self.options = options
        self.report = report
        self.on_line = on_line

    def agents(self, documents: dict[str, Any]) -> None:
        """Registers the agents that the rosters name; a folder without a roster registers all that it names."""
        names = nof0.agent_names(documents.get(nof0.ENDPOINTS))
        rosters = [file for file in nof0.ROSTERS if file in documents]
        sources = rosters or [file for file in documents if file in nof0.FILES and file != "crypto-prices.json"]
        found = {agent for file in sources for agent in nof0.agent_ids(file, documents[file])}
        if rosters:
            found |= names.keys()
        rows = [
            Row({"id": agent, "display_name": names.get(agent, agent), "origin": self.options.origin}, {"id": agent})
            for agent in sorted(found)
        ]
        note = "" if rosters else f"no {' or '.join(nof0.ROSTERS)}: taken from the other files"
        self._land("(named in the files)", AGENTS, rows, note)

    def file(self, file: str, document: Any, documents: dict[str, Any]) -> None:
        """Lands one file."""
        context = nof0.Context(self.options.exchange, self.options.origin_of(file))
        match file:
            case "since-inception-values.json":
                self._land(file, ACCOUNTS, nof0.accounts(document, context))
            case "leaderboard.json":
                context = replace(context, **self._captured(documents))
                note = f"time taken from {context.captured_from}" if context.captured_at else ""
                self._land(file, EQUITY_SNAPSHOTS, nof0.equity_snapshots(document, context), note)
            case "trades.json":
                rows = nof0.trades(document, context)
                self._symbols(rows)
                self._land(file, TRADES, rows)
            case "positions.json":
                rows = nof0.positions(document, context)
                self._symbols(rows)
                self._land(file, POSITIONS, rows)
            case "conversations.json":
                self._conversations(file, document, context)
            case "crypto-prices.json":
                rows = nof0.prices(document, context)
                self._symbols(rows)
                self._land(file, PRICE_TICKS, rows)
                self._land(file, PRICE_LATEST, rows)

    def _captured(self, documents: dict[str, Any]) -> dict[str, Any]:
        times = [(time, file) for file, document in documents.items() if (time := nof0.server_time(document))]
        if self.options.as_of:
            return {"captured_at": self.options.as_of, "captured_from": "--as-of"}
        if not times:
            return {}
        newest, file = max(times)
        return {"captured_at": newest, "captured_from": f"serverTime of {file}"}

    def _symbols(self, rows: Iterable[Row | Reject]) -> None:
        """Registers the instruments of rows that land. Not a line of the report: no element of a file is one."""
        found = {row.values.get("symbol") for row in rows if isinstance(row, Row)}
        values = [{"exchange": self.options.exchange, "symbol": symbol} for symbol in found if isinstance(symbol, str)]
        usable = (Row(value, value) for value in values if SYMBOLS.problem(value) is None)
        land(self.connection, SYMBOLS, usable, f"{SOURCE}/symbols")

    def _conversations(self, file: str, document: Any, context: nof0.Context) -> None:
        threads, messages = nof0.conversations(document, context)
        with self.connection.transaction():
            self._land(file, CONVERSATIONS, threads)
            sound = [row for row in threads if isinstance(row, Row) and CONVERSATIONS.problem(row.values) is None]
            found = self.connection.execute(
                "SELECT source_id, id FROM conversations WHERE source_id = ANY(%s)",
                [[row.values["source_id"] for row in sound]],
            )
            ids: dict[str, int] = dict(found.fetchall())
            self._land(file, CONVERSATION_MESSAGES, [_addressed(message, ids) for message in messages])

    def _land(self, file: str, table: Table, rows: Iterable[Row | Reject], note: str = "") -> None:
        source = f"{SOURCE}/{table.name}"
        line = Line(file, table.name, land(self.connection, table, rows, source), note)
        self.report.lines.append(line)
        self.on_line(line)


def _addressed(message: Row | Reject, ids: Mapping[str, int]) -> Row | Reject:
    if isinstance(message, Reject):
        return message
    values = dict(message.values)
    source_id = values.pop("source_id")
    if source_id not in ids:
        return Reject(f"{source_id}#{values['position_in_thread']}", "its conversation was refused", message.raw)
    return Row({"conversation_id": ids[source_id], **values}, message.raw)
