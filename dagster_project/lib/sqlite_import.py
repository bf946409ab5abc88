"""Imports a SQLite file of another program: freqtrade's trade database, or the learning design's through a mapping."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dagster_project.lib import freqtrade_db, sqlite_file
from dagster_project.lib.import_account import Importer, ImportFailed, Line, Report
from dagster_project.lib.sqlite_mapping import SqliteMapping, TableMapping, Translator, read_mapping
from dagster_project.lib.trading_rows import ACCOUNTS, AGENTS, ORIGINS, TRADES, Reject, Row
from dagster_project.lib.trading_store import BATCH_ROWS, Mode, Money

if TYPE_CHECKING:
    import psycopg

SOURCE = "import/sqlite"
SHOWN_VALUE = 40


@dataclass(frozen=True)
class Options:
    """What the file does not say about itself; None: what the mapping says, or the file's own words.

    `name` tells this file's row numbers from another's; by default the file's stem.
    """

    name: str | None = None
    agent: str | None = None
    exchange: str | None = None
    origin: str | None = None
    mapping: Path | None = None
    mode: Mode = Mode.LAND

    def __post_init__(self) -> None:
        if self.origin is not None and self.origin not in ORIGINS:
            raise ImportFailed(f"--origin {self.origin!r} is not one of {', '.join(ORIGINS)}")


@dataclass(frozen=True)
class Place:
    """Where one column of the file goes: `target` is `table.column`, or None for a table that is not read."""

    source: str
    target: str | None
    example: str


@dataclass
class SqliteReport(Report):
    """The account of one SQLite file, and where its columns go."""

    kind: str = ""
    places: list[Place] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """See `Report.as_json`."""
        places = [{"source": place.source, "target": place.target, "example": place.example} for place in self.places]
        return {"kind": self.kind, "places": places} | super().as_json()


def import_file(
    connection: psycopg.Connection,
    path: Path,
    options: Options,
    on_line: Callable[[Line], None] = lambda line: None,
    on_rows: Callable[[int], None] = lambda rows: None,
    batch_rows: int = BATCH_ROWS,
) -> SqliteReport:
    """Imports one file; its program may go on writing.

    Args:
        connection: best in autocommit mode, so that each batch's transaction ends by itself.

    Raises:
        ImportFailed: the file is not there, is of a kind that holds no trades, or the mapping is wrong.
    """
    with sqlite_file.opened(path) as file:
        schema = sqlite_file.schema(file)
        mapping = read_mapping(options.mapping) if options.mapping else None
        importer = _Importer(connection, SOURCE, options.mode, on_line, on_rows, batch_rows)
        importer.start(file, path, schema, options)
        if mapping is None and sqlite_file.is_freqtrade(schema):
            importer.freqtrade()
        else:
            importer.mapped(mapping or read_mapping())
        return importer.report


class _Importer(Importer):
    report: SqliteReport

    def start(self, file: sqlite3.Connection, path: Path, schema: sqlite_file.Schema, options: Options) -> None:
        """What all kinds of files share."""
        self.file, self.path, self.schema, self.options = file, path, schema, options
        self.report = SqliteReport(self.mode)

    def freqtrade(self) -> None:
        """freqtrade's own database."""
        self.report.kind = "freqtrade"
        bot = self._bot()
        if bot.origin == "paper" and self.options.origin is None:
            self.report.notes.append("the orders are of a dry run: rows are of origin paper")
        self._places("trades", "trades", freqtrade_db.TRADE_COLUMNS)
        self._places("orders", "orders", freqtrade_db.ORDER_COLUMNS)
        for table in self.schema:
            if table not in ("trades", "orders"):
                why = freqtrade_db.NOT_READ.get(table, "a copy left by a migration" if "_bak" in table else "")
                self.report.places.append(Place(table, None, why))
                self.report.not_read.append(table)
        venues: dict[tuple[str, str], set[str | None]] = {}
        symbols: dict[tuple[str, str | None], set[str]] = {}
        for row in freqtrade_db.trades(self._trades(), bot):
            if isinstance(row, Row):
                values = row.values
                venues.setdefault((values["agent_id"], values["exchange"]), set()).add(values["currency"])
                symbols.setdefault((values["exchange"], values["currency"]), set()).add(values["symbol"])
        agents = sorted({agent for agent, _ in venues})
        details = {"program": "freqtrade"}
        rows: list[Row] = [
            Row({"id": agent, "display_name": agent, "origin": bot.origin, "details": details}, {"id": agent})
            for agent in agents
        ]
        self.put(self.path.name, AGENTS, rows)
        accounts = [
            Row(
                {
                    "agent_id": agent,
                    "exchange": exchange,
                    "base_currency": next(iter(currencies)),
                    "origin": bot.origin,
                },
                {"agent_id": agent, "exchange": exchange},
            )
            for (agent, exchange), currencies in sorted(venues.items())
            if len(currencies) == 1 and None not in currencies
        ]
        note = "" if len(accounts) == len(venues) else "none for agents that trade in several stake currencies"
        self.put(self.path.name, ACCOUNTS, accounts, note)
        for (exchange, currency), found in symbols.items():
            self.symbols(exchange, found, currency)
        trades = self.put(
            "trades", freqtrade_db.FIXED_TRADES, freqtrade_db.trades(self._trades(), bot), money=FREQTRADE_MONEY
        )
        if any("the key belongs to another" in reject.reason for reject in trades.rejects):
            self.report.notes.append(
                f"another database was imported under the name {bot.name!r}: give this one a --name of its own"
            )
        if "orders" in self.schema:
            orders = freqtrade_db.orders(self._orders(), bot)
            self.put("orders", freqtrade_db.FIXED_ORDERS, orders, money=ORDER_MONEY)

    def _bot(self) -> freqtrade_db.Bot:
        origin = self.options.origin
        if origin is None:
            dry = "orders" in self.schema and self.file.execute(
                "SELECT EXISTS (SELECT 1 FROM orders WHERE order_id LIKE 'dry\\_run%' ESCAPE '\\')"
            ).fetchone() == (1,)
            origin = "paper" if dry else "recorded"
        name = self.options.name or f"freqtrade-{self.path.stem}"
        return freqtrade_db.Bot(name, self.options.agent, self.options.exchange, origin)

    def _trades(self) -> Iterator[dict[str, Any]]:
        """Trades with the order ids of their first entry and last exit."""
        queries = (
            "SELECT order_id FROM orders WHERE ft_trade_id = ? AND ft_order_side = ? ORDER BY id LIMIT 1",
            "SELECT order_id FROM orders WHERE ft_trade_id = ? AND ft_order_side <> ? AND status = 'closed'"
            " ORDER BY id DESC LIMIT 1",
        )
        for trade in sqlite_file.rows(self.file, "trades", self.schema["trades"]):
            ends = (None, None)
            if "orders" in self.schema:
                key = (trade["id"], "sell" if trade.get("is_short") else "buy")
                ends = tuple(self.file.execute(query, key).fetchone() for query in queries)
            yield trade | {"entry_order": ends[0] and ends[0][0], "exit_order": ends[1] and ends[1][0]}

    def _orders(self) -> Iterator[dict[str, Any]]:
        """Orders with what they need to know of their trade."""
        wanted = [c for c in ("id", "exchange", "strategy", "is_short") if c in self.schema["trades"]]
        query = f"SELECT {', '.join(wanted)} FROM trades WHERE id = ?"
        for order in sqlite_file.rows(self.file, "orders", self.schema["orders"]):
            found = self.file.execute(query, (order["ft_trade_id"],)).fetchone()
            yield order | {"trade": dict(zip(wanted, found, strict=True)) if found else None}

    def mapped(self, mapping: SqliteMapping) -> None:
        """Tables that a mapping names."""
        present = mapping.present(self.schema)
        if not present:
            named = " or ".join(table.source for table in mapping.tables)
            what = sqlite_file.what_is_it(self.file, self.schema)
            raise ImportFailed(f"{self.path} is {what}: there is no table {named}; --mapping FILE names others")
        self.report.kind = "mapped"
        translators = [self._translator(mapping, table) for table in present]
        for table in self.schema:
            if table not in {one.source for one in present}:
                self.report.places.append(Place(table, None, ""))
                self.report.not_read.append(table)
        first = translators[0]
        agent = {"id": first.agent, "display_name": first.agent, "origin": first.origin}
        self.put(self.path.name, AGENTS, [Row(agent, agent)])
        for translator in translators:
            self._mapped_table(translator)

    def _translator(self, mapping: SqliteMapping, table: TableMapping) -> Translator:
        columns = self.schema[table.source]
        chosen = table.chosen(columns)
        for canonical in table.target.required:
            if canonical in table.columns and canonical not in chosen and canonical not in ("id", "status"):
                looked = ", ".join(table.columns[canonical])
                raise ImportFailed(
                    f"{self.path}: table {table.source} has no column for {canonical} (looked for {looked}): name it"
                    " with --mapping FILE"
                )
        percent = set()
        for canonical, unit in table.units.items():
            column = chosen.get(canonical)
            top = sqlite_file.largest(self.file, table.source, column) if column and unit == "auto" else None
            if unit == "percent" or (isinstance(top, int | Decimal) and top > 1):
                percent.add(canonical)
                self.report.notes.append(f"{table.source}.{column} is percent: divided by 100")
        self._places(table.source, table.target.name, {column: canonical for canonical, column in chosen.items()})
        home_agent, home_exchange = self._home()
        return Translator(
            table,
            chosen,
            frozenset(percent),
            name=self.options.name or self.path.stem,
            agent=self.options.agent or mapping.agent or home_agent,
            exchange=self.options.exchange or mapping.exchange or home_exchange,
            origin=self.options.origin or mapping.origin,
            zone=mapping.zone,
        )

    def _home(self) -> tuple[str, str]:
        found = self.connection.execute("SELECT ops.home_agent(), ops.home_exchange()").fetchone()
        return found or ("learning", "hyperliquid")

    def _mapped_table(self, translator: Translator) -> None:
        table = translator.mapping

        def translated() -> Iterator[Row | Reject]:
            raws = sqlite_file.rows(self.file, table.source, self.schema[table.source])
            return (translator.row(raw) for raw in raws)

        if table.target is TRADES:
            self.symbols(translator.exchange, self._symbols(translated()))
        self.put(table.source, table.target, translated(), money=_money(translator))

    @staticmethod
    def _symbols(rows: Iterable[Row | Reject]) -> set[str]:
        return {row.values["symbol"] for row in rows if isinstance(row, Row) and row.values.get("symbol")}

    def _places(self, table: str, target: str, columns: dict[str, str]) -> None:
        if table not in self.schema:
            return
        first = next(sqlite_file.rows(self.file, table, self.schema[table]), {})
        for column in self.schema[table]:
            canonical = columns.get(column)
            shown = "" if first.get(column) is None else str(first[column])[:SHOWN_VALUE]
            self.report.places.append(Place(f"{table}.{column}", f"{target}.{canonical or f'details.{column}'}", shown))


def _of(column: str) -> Callable[[Any], Any]:
    return lambda raw: raw.get(column) if isinstance(raw, dict) else None


FREQTRADE_MONEY: Money = {
    "quantity": _of("amount"),
    "net_pnl": lambda raw: None if raw.get("is_open") else raw.get("close_profit_abs"),
}
ORDER_MONEY: Money = {"quantity": _of("amount"), "filled_quantity": _of("filled")}


def _money(translator: Translator) -> Money:
    """What the source's own columns say, for those that are not changed on the way; some files have numbers as text."""

    def figure(column: str) -> Callable[[Any], Any]:
        def read(raw: Any) -> Any:
            value = raw.get(column)
            try:
                return Decimal(value.strip()) if isinstance(value, str) else value
            except InvalidOperation:
                return None

        return read

    return {
        canonical: figure(translator.chosen[canonical])
        for canonical in translator.mapping.target.money
        if canonical in translator.chosen and canonical not in translator.percent
    }
