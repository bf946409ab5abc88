"""The account of an import: every row of every file and where it went, money added up on both sides."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dagster_project.lib import exact_json
from dagster_project.lib.trading_rows import SYMBOLS, Reject, Row, Table, Tally
from dagster_project.lib.trading_store import BATCH_ROWS, Mode, Money, land

if TYPE_CHECKING:
    import psycopg


class ImportFailed(Exception):
    """The source cannot be imported at all; the message is one line and names the fix."""


@dataclass(frozen=True)
class Line:
    """The account of one file and one table."""

    file: str
    table: str
    tally: Tally
    note: str = ""


@dataclass
class Report:
    """The account of one import.

    `missing` are files that were expected, `broken` those that cannot be read at all with the reason, `not_read` those
    that nothing was expected of; `notes` are for a person.
    """

    mode: Mode = Mode.LAND
    lines: list[Line] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    broken: dict[str, str] = field(default_factory=dict)
    not_read: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def faults(self) -> list[str]:
        """Why the import did not do what it says, one line each: broken files, sums that differ, in a comparison every
        row that is not stored as it is in the source."""
        found = [f"{file}: {why}" for file, why in self.broken.items()]
        for line in self.lines:
            if self.mode is Mode.COMPARE and line.tally.different:
                found.append(f"{line.file}: {line.tally.different} rows differ from what {line.table} holds")
            for column, sums in line.tally.sums.items():
                if not sums.agree:
                    found.append(
                        f"{line.file}: sum of {column} is {sums.source} there and {sums.stored} in {line.table}"
                    )
        return found

    def as_json(self) -> dict[str, Any]:
        """The report for a program, with keys and reasons of refused rows and the first differences."""
        return {
            "mode": self.mode.value,
            "lines": [_line(line) for line in self.lines],
            "missing": self.missing,
            "broken": self.broken,
            "not_read": self.not_read,
            "notes": self.notes,
            "faults": self.faults,
        }


class Importer:
    """Lands rows of several tables one after the other and keeps the account."""

    def __init__(
        self,
        connection: psycopg.Connection,
        source: str,
        mode: Mode = Mode.LAND,
        on_line: Callable[[Line], None] = lambda line: None,
        on_rows: Callable[[int], None] = lambda rows: None,
        batch_rows: int = BATCH_ROWS,
    ) -> None:
        """
        Args:
            connection: in autocommit mode; each batch of rows is a transaction.
            source: the writer, as ops.quarantine names it, such as `import/nof0`.
            on_line: called after each file and table.
            on_rows: called with a number of rows after each batch.
        """
        self.connection = connection
        self.source = source
        self.mode = mode
        self.report = Report(mode)
        self._on_line = on_line
        self._on_rows = on_rows
        self._batch_rows = batch_rows

    def put(
        self, file: str, table: Table, rows: Iterable[Row | Reject], note: str = "", money: Money | None = None
    ) -> Tally:
        """Lands the rows of one file and table; see `trading_store.land`."""
        tally = self.quietly(table, rows, money)
        self.line(file, table.name, tally, note)
        return tally

    def quietly(self, table: Table, rows: Iterable[Row | Reject], money: Money | None = None) -> Tally:
        """The same without a line in the report: for a part of a file's rows, added up by the caller."""
        return land(
            self.connection, table, rows, f"{self.source}/{table.name}", mode=self.mode, money=money,
            batch_rows=self._batch_rows, on_batch=self._on_rows,
        )  # fmt: skip

    def line(self, file: str, table: str, tally: Tally, note: str = "") -> None:
        """Adds a line to the report."""
        line = Line(file, table, tally, note)
        self.report.lines.append(line)
        self._on_line(line)

    def symbols(self, exchange: str, symbols: Iterable[Any], quote_currency: str | None = None) -> None:
        """Registers instruments. Not a line of the report: no row of a file is one."""
        values = [
            {"exchange": exchange, "symbol": symbol} for symbol in sorted({s for s in symbols if isinstance(s, str)})
        ]
        if quote_currency:
            values = [{**value, "quote_currency": quote_currency} for value in values]
        self.quietly(SYMBOLS, (Row(value, value) for value in values if SYMBOLS.problem(value) is None))


def _line(line: Line) -> dict[str, Any]:
    tally = line.tally
    return {
        "file": line.file,
        "table": line.table,
        "read": tally.read,
        "landed": tally.landed,
        "updated": tally.updated,
        "unchanged": tally.unchanged,
        "quarantined": tally.quarantined,
        "reasons": [{"key": reject.key, "reason": reject.reason} for reject in tally.rejects],
        "sums": {
            column: {
                "source": str(sums.source),
                "stored": None if sums.stored is None else str(sums.stored),
                "quarantined": str(sums.refused),
            }
            for column, sums in tally.sums.items()
            if sums.source or sums.stored or sums.refused
        },
        "different": tally.different,
        "differences": [
            {"key": one.key, "column": one.column, "source": _shown(one.source), "stored": _shown(one.stored)}
            for one in tally.differences
        ],
        "note": line.note,
    }


def _shown(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return exact_json.dumps(value)
