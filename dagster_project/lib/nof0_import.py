"""Imports a folder of the NOF0 design's JSON files into the trading tables, a bounded batch of rows per transaction.

Every element is accounted for: landed, updated, unchanged or quarantined. A second import of the same folder changes
nothing; one that was killed is simply run again. A file that is missing or broken is reported and its neighbours land.
Files are read element by element, twice: once to see that they are whole, then to land them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dagster_project.lib import exact_json, nof0
from dagster_project.lib.import_account import Importer, ImportFailed, Line, Report
from dagster_project.lib.json_stream import Mark, items
from dagster_project.lib.nof0_evidence import Evidence, order_owners
from dagster_project.lib.trading_rows import (
    ACCOUNTS,
    AGENTS,
    CONVERSATION_MESSAGES,
    CONVERSATIONS,
    DECISION_CYCLES,
    DECISIONS,
    EQUITY_SNAPSHOTS,
    MODEL_ANALYTICS,
    ORIGINS,
    POSITIONS,
    PRICE_LATEST,
    PRICE_TICKS,
    TRADES,
    Reject,
    Row,
)
from dagster_project.lib.trading_store import BATCH_ROWS, Mode, Money

if TYPE_CHECKING:
    import psycopg

__all__ = ["ImportFailed", "Line", "Options", "Report", "import_folder"]

SOURCE = "import/nof0"
CURRENT = timedelta(hours=1)  # how much older than its neighbours an account's record may be to tell what is open
THREADS = 200  # conversations whose ids are asked for together; one of the arena's is 16 kB


def _raw(column: str) -> Callable[[Any], Any]:
    return lambda raw: raw.get(column) if isinstance(raw, dict) else None


def _size(raw: Any) -> Any:
    found = raw.get("quantity") if isinstance(raw, dict) else None
    return abs(found) if isinstance(found, int) else found.copy_abs() if isinstance(found, Decimal) else None


# The source's own names of what is added up on both sides.
TRADE_MONEY: Money = {
    "quantity": _size,
    "gross_pnl": _raw("realized_gross_pnl"),
    "net_pnl": _raw("realized_net_pnl"),
    "fee": _raw("total_commission_dollars"),
}
POSITION_MONEY: Money = {
    "quantity": lambda raw: _size(raw.get("position")) if isinstance(raw, dict) else None,
    "unrealized_pnl": lambda raw: _raw("unrealized_pnl")(raw.get("position")) if isinstance(raw, dict) else None,
}
TOTALS_MONEY: Money = {"equity": _raw("dollar_equity"), "unrealized_pnl": _raw("total_unrealized_pnl")}


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
    mode: Mode = Mode.LAND

    def __post_init__(self) -> None:
        stems = [kind.name for kind in nof0.KINDS]
        for stem, origin in self.origins.items():
            if nof0.kind_of(f"{stem}.json") is None:
                raise ImportFailed(f"--origin {stem}={origin}: {stem!r} is not one of {', '.join(stems)}")
        for origin in (self.origin, *self.origins.values()):
            if origin not in ORIGINS:
                raise ImportFailed(f"--origin {origin!r} is not one of {', '.join(ORIGINS)}")


def import_folder(
    connection: psycopg.Connection,
    folder: Path,
    options: Options,
    on_line: Callable[[Line], None] = lambda line: None,
    on_rows: Callable[[int], None] = lambda rows: None,
    batch_rows: int = BATCH_ROWS,
) -> Report:
    """Imports what is in `folder`.

    Args:
        connection: best in autocommit mode, so that each batch's transaction ends by itself.
        on_line: called after each file and table.
        on_rows: called with a number of rows after each batch.

    Raises:
        ImportFailed: the folder is not there, or holds none of the files.
    """
    if not folder.is_dir():
        raise ImportFailed(f"{folder} is not a folder: give the one that holds trades.json and its neighbours")
    files = sorted(path for path in folder.iterdir() if path.is_file())
    if not any(nof0.kind_of(path.name) for path in files):
        patterns = ", ".join(kind.pattern for kind in nof0.KINDS)
        raise ImportFailed(f"{folder} holds none of {patterns}: give the folder of the arena's JSON files")
    importer = _Importer(connection, SOURCE, options.mode, on_line, on_rows, batch_rows)
    importer.folder(folder, files, options)
    return importer.report


@dataclass
class _Source:
    """One file, seen through once."""

    path: Path
    kind: nof0.Kind
    agents: set[str] = field(default_factory=set)
    newest: dict[str, Decimal] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    server_time: datetime | None = None
    evidence: Evidence | None = None
    orders: Collection[str] = ()

    def elements(self) -> Iterator[Any]:
        """The elements of the file's list; of prices the values of the object."""
        with self.path.open("rb") as file:
            for item in items(file):
                if item.key != self.kind.key or item.value is Mark.LIST:
                    continue
                if item.listed:
                    yield item.value
                elif self.kind.name == "crypto-prices" and isinstance(item.value, dict):
                    yield from item.value.values()

    def look_through(self, orders: Collection[str] = ()) -> None:
        """Reads all of it.

        Args:
            orders: order ids whose owner is asked for.

        Raises:
            NotJson, WrongShape: it cannot be imported.
        """
        self.evidence, self.orders = Evidence(self.kind), orders
        found = False
        with self.path.open("rb") as file:
            for item in items(file):
                if item.key == "serverTime" and not item.listed:
                    self.server_time = nof0.server_time(item.value)
                if item.key != self.kind.key:
                    continue
                found = found or item.listed or (self.kind.name == "crypto-prices" and isinstance(item.value, dict))
                if item.listed and item.value is not Mark.LIST:
                    self._note(item.value)
        if not found:
            raise nof0.WrongShape(f"expected an object with a list under {self.kind.key!r}")

    def _note(self, element: Any) -> None:
        agent = nof0.agent_id(self.kind, element)
        if agent is not None:
            self.agents.add(agent)
            if self.kind.key == "accountTotals" and isinstance(stamp := element.get("timestamp"), int | Decimal):
                self.newest[agent] = max(self.newest.get(agent, Decimal(0)), Decimal(stamp))
        if self.evidence is not None:
            self.evidence.note(element)
        if self.orders:
            known = order_owners(self.kind, element)
            self.owners.update((order, agent) for order, agent in known if order in self.orders)


class _Importer(Importer):
    def folder(self, folder: Path, files: list[Path], options: Options) -> None:
        """Lands all files of a folder."""
        self.options = options
        sources = self._look_through(files)
        present = {path.name for path in files}
        self.report.missing = [name for name in nof0.EXPECTED if name not in present]
        self.report.not_read = [
            name for name in sorted(present) if nof0.kind_of(name) is None and name != nof0.ENDPOINTS
        ]
        self._agents(folder, sources)
        owners: dict[str, str] = {}
        for source in sources:
            owners |= source.owners
        for source in sources:
            self._file(source, sources, owners)

    def _look_through(self, files: list[Path]) -> list[_Source]:
        found: list[_Source] = []
        orders: set[str] = set()
        # Positions first: only of their orders the owners are remembered.
        for kind in sorted(nof0.KINDS, key=lambda kind: kind.name != "positions"):
            for path in files:
                if nof0.kind_of(path.name) is not kind:
                    continue
                source = _Source(path, kind)
                try:
                    source.look_through(orders)
                except (exact_json.NotJson, nof0.WrongShape, OSError) as error:
                    self.report.broken[path.name] = str(error)
                    continue
                found.append(source)
                if source.evidence:
                    orders |= source.evidence.orders.keys()
        return sorted(found, key=lambda source: nof0.KINDS.index(source.kind))

    def _agents(self, folder: Path, sources: list[_Source]) -> None:
        """Registers the agents that the rosters name; a folder without a roster registers all that it names."""
        names: dict[str, str] = {}
        try:
            names = nof0.agent_names(exact_json.loads((folder / nof0.ENDPOINTS).read_bytes()))
        except FileNotFoundError:
            pass
        except (exact_json.NotJson, OSError) as error:
            self.report.broken[nof0.ENDPOINTS] = str(error)
        rosters = [source for source in sources if source.kind.name in nof0.ROSTERS]
        found = {agent for source in rosters or sources for agent in source.agents}
        if rosters:
            found |= names.keys()
        rows = [
            Row({"id": agent, "display_name": names.get(agent, agent), "origin": self.options.origin}, {"id": agent})
            for agent in sorted(found)
        ]
        missing = " or ".join(f"{name}.json" for name in nof0.ROSTERS)
        self.put("(named in the files)", AGENTS, rows, "" if rosters else f"no {missing}: taken from the other files")

    def _file(self, source: _Source, sources: list[_Source], owners: Mapping[str, str]) -> None:
        """Lands one file."""
        origin, file = self._origin(source, owners), source.path.name
        context = nof0.Context(self.options.exchange, origin, server_time=source.server_time)
        match source.kind.name:
            case "since-inception-values":
                self.put(file, ACCOUNTS, nof0.accounts(source.elements(), context), money={
                    "initial_equity": _raw("nav_since_inception")
                })  # fmt: skip
            case "leaderboard":
                context = replace(context, **self._captured(sources))
                note = f"time taken from {context.captured_from}" if context.captured_at else ""
                rows = nof0.equity_snapshots(source.elements(), context)
                self.put(file, EQUITY_SNAPSHOTS, rows, note, {"equity": _raw("equity")})
            case "trades":
                self._symbols(nof0.trades(source.elements(), context))
                self.put(file, TRADES, nof0.trades(source.elements(), context), money=TRADE_MONEY)
            case "account-totals" | "positions":
                self._positions(source, context, sources)
            case "conversations" | "conversations-full":
                self._conversations(source, context)
            case "crypto-prices":
                self._symbols(nof0.prices(source.elements(), context))
                for table in (PRICE_TICKS, PRICE_LATEST):
                    self.put(file, table, nof0.prices(source.elements(), context))
            case "analytics":
                self.put(file, MODEL_ANALYTICS, nof0.analytics(source.elements(), context))

    def _origin(self, source: _Source, owners: Mapping[str, str]) -> str:
        """The caller's origin for this file, else what the file itself shows."""
        stem = source.path.name.removesuffix(".json")
        given = self.options.origins.get(stem) or self.options.origins.get(source.kind.name)
        if given:
            return given
        why = source.evidence.against(owners) if source.evidence else None
        if why and self.options.origin in ("recorded", "live"):
            self.report.notes.append(
                f"{source.path.name} is taken as handmade: {why} (--origin {stem}={self.options.origin} if it is not)"
            )
            return "handmade"
        return self.options.origin

    def _captured(self, sources: list[_Source]) -> dict[str, Any]:
        if self.options.as_of:
            return {"captured_at": self.options.as_of, "captured_from": "--as-of"}
        times = [(source.server_time, source.path.name) for source in sources if source.server_time]
        if not times:
            return {}
        newest, file = max(times)
        return {"captured_at": newest, "captured_from": f"serverTime of {file}"}

    def _symbols(self, rows: Iterable[Row | Reject]) -> None:
        found = {row.values.get("symbol") for row in rows if isinstance(row, Row)}
        self.symbols(self.options.exchange, found)

    def _positions(self, source: _Source, context: nof0.Context, sources: list[_Source]) -> None:
        file, newest, note = source.path.name, dict(source.newest), ""
        if newest:
            totals = (one for one in source.elements() if not isinstance(one, dict) or "dollar_equity" in one)
            self.put(file, EQUITY_SNAPSHOTS, nof0.account_totals(totals, context), money=TOTALS_MONEY)
            times = [other.server_time for other in sources if other.server_time]
            old = [
                agent
                for agent, stamp in newest.items()
                if times and (at := nof0.server_time(stamp)) and at < max(times) - CURRENT
            ]
            newest |= dict.fromkeys(old, Decimal(-1))
            note = "those of each agent's newest record; older ones are in the snapshots' details"
            if old:
                note += f"; none of {', '.join(sorted(old))}: other files here are newer"
        self._symbols(nof0.positions(source.elements(), context, newest))
        self.put(file, POSITIONS, nof0.positions(source.elements(), context, newest), note, POSITION_MONEY)

    def _conversations(self, source: _Source, context: nof0.Context) -> None:
        file = source.path.name
        self.put(file, CONVERSATIONS, nof0.conversations(source.elements(), context))
        self.put(file, CONVERSATION_MESSAGES, self._messages(nof0.conversations(source.elements(), context)))
        replies = any(nof0.is_reply(element) for element in source.elements())
        if replies:

            def answers() -> Iterator[Any]:
                return (element for element in source.elements() if nof0.is_reply(element))

            self._symbols(nof0.decisions(answers(), context))
            self.put(file, DECISION_CYCLES, nof0.decision_cycles(answers(), context))
            self.put(file, DECISIONS, nof0.decisions(answers(), context), money={"quantity": _size})

    def _messages(self, threads: Iterator[Row | Reject]) -> Iterator[Row | Reject]:
        return addressed(self.connection, self.mode, threads, nof0.messages)


def addressed(
    connection: psycopg.Connection,
    mode: Mode,
    threads: Iterator[Row | Reject],
    messages: Callable[[Row | Reject], list[Row | Reject]],
) -> Iterator[Row | Reject]:
    """The messages of conversations that have landed, with the ids that the database gave them.

    In a mode that lands nothing, messages of conversations that are not there get ids that nobody has.
    """
    while batch := list(islice(threads, THREADS)):
        sound = [row for row in batch if isinstance(row, Row) and CONVERSATIONS.problem(row.values) is None]
        found = connection.execute(
            "SELECT source_id, id FROM conversations WHERE source_id = ANY(%s)",
            [[row.values["source_id"] for row in sound]],
        )
        ids: dict[str, int] = dict(found.fetchall())
        if mode is not Mode.LAND:
            ids = {row.values["source_id"]: nof0.cycle_id(row.values["source_id"]) for row in sound} | ids
        for thread in batch:
            for message in messages(thread):
                yield _addressed(message, ids)


def _addressed(message: Row | Reject, ids: Mapping[str, int]) -> Row | Reject:
    if isinstance(message, Reject):
        return message
    values = dict(message.values)
    source_id = values.pop("source_id")
    if source_id not in ids:
        return Reject(f"{source_id}#{values['position_in_thread']}", "its conversation was refused", message.raw)
    return Row({"conversation_id": ids[source_id], **values}, message.raw)
