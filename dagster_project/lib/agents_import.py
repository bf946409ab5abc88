"""Imports a folder of agents' own logs: position.jsonl and log.jsonl of AI-Trader, the JSON files of cookiegg/nof."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dagster_project.lib import cookiegg_logs, exact_json, hkuds_logs
from dagster_project.lib.candle_files.names import walk
from dagster_project.lib.import_account import Importer, ImportFailed, Line, Report
from dagster_project.lib.json_stream import Mark, items
from dagster_project.lib.nof0_import import addressed
from dagster_project.lib.trading_rows import (
    ACCOUNTS,
    AGENTS,
    CONVERSATION_MESSAGES,
    CONVERSATIONS,
    DECISION_CYCLES,
    DECISIONS,
    EQUITY_SNAPSHOTS,
    ORDERS,
    ORIGINS,
    Reject,
    Row,
)
from dagster_project.lib.trading_store import BATCH_ROWS, Mode, Money

if TYPE_CHECKING:
    import psycopg

SOURCE = "import/agents"
# The same model trades in several arenas: an agent is a model in one of them.
HKUDS, COOKIEGG = "ai-trader", "nof"


def _amount(raw: Any) -> Any:
    action = raw.get("this_action") if isinstance(raw, dict) else None
    return action.get("amount") if isinstance(action, dict) else None


def _decided(raw: Any) -> Any:
    action = raw.get("this_action") if isinstance(raw, dict) else None
    traded = isinstance(action, dict) and action.get("action") in hkuds_logs.SIDES
    return _amount(raw) if traded else None


ACTION_MONEY: Money = {"quantity": _decided}
FILL_MONEY: Money = {"quantity": cookiegg_logs.quantity}


@dataclass(frozen=True)
class Options:
    """What the folder does not say about itself.

    `prefix` and `exchange` replace those of the format: `ai-trader-` and `ai-trader`, `nof-` and `binance-demo`.
    Nobody's money was traded in either, so rows are of origin paper.
    """

    exchange: str | None = None
    prefix: str | None = None
    origin: str = "paper"
    mode: Mode = Mode.LAND

    def __post_init__(self) -> None:
        if self.origin not in ORIGINS:
            raise ImportFailed(f"--origin {self.origin!r} is not one of {', '.join(ORIGINS)}")

    def agent(self, format_: str, name: str) -> str:
        """The id of an agent."""
        return (f"{format_}-" if self.prefix is None else self.prefix) + name


def import_folder(
    connection: psycopg.Connection,
    folder: Path,
    options: Options,
    on_line: Callable[[Line], None] = lambda line: None,
    on_rows: Callable[[int], None] = lambda rows: None,
    batch_rows: int = BATCH_ROWS,
) -> Report:
    """Imports what is in `folder` and below it.

    Args:
        connection: best in autocommit mode, so that each batch's transaction ends by itself.

    Raises:
        ImportFailed: the folder is not there, or holds no agents' logs.
    """
    if not folder.is_dir():
        raise ImportFailed(f"{folder} is not a folder: give the one that holds the agents' logs")
    found = _Found(folder)
    if not found.any:
        raise ImportFailed(
            f"{folder} holds no agents' logs: no position/position.jsonl, no *conversations.json of bots, no"
            " trading-state.json; give the folder that does"
        )
    importer = _Importer(connection, SOURCE, options.mode, on_line, on_rows, batch_rows)
    importer.folder(found, options)
    return importer.report


class _Found:
    """The files of a folder by what they are."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.positions: list[Path] = []
        self.logs: dict[Path, list[Path]] = {}
        self.prices: list[Path] = []
        self.conversations: list[Path] = []
        self.states: list[Path] = []
        self.fills: list[Path] = []
        self.others: list[Path] = []
        for path in walk(root):
            self._place(path)

    @property
    def any(self) -> bool:
        """Whether there is anything to import."""
        return bool(self.positions or self.conversations or self.states)

    def name(self, path: Path) -> str:
        """A file's name for the report."""
        return path.relative_to(self.root).as_posix()

    def _place(self, path: Path) -> None:
        match path.parts[-3:]:
            case (*_, "position", "position.jsonl"):
                self.positions.append(path)
            case ("log", _, "log.jsonl"):
                self.logs.setdefault(path.parents[2], []).append(path)
            case (*_, "crypto_merged.jsonl"):
                self.prices.append(path)
            case (*_, name) if name == "conversations.json" or name.endswith("_conversations.json"):
                self.conversations.append(path)
            case (*_, "trading-state.json"):
                self.states.append(path)
            case (*_, "trades.json"):
                self.fills.append(path)
            case _:
                self.others.append(path)


class _Importer(Importer):
    def folder(self, found: _Found, options: Options) -> None:
        """Lands all logs of a folder."""
        self.found, self.options = found, options
        prices: hkuds_logs.Prices = {}
        for path in found.prices:
            prices |= hkuds_logs.read_prices(path)
        if found.positions and not prices:
            self.report.notes.append("no crypto_merged.jsonl here: orders have no price, and holdings no value")
        for path in found.positions:
            self._hkuds(path, prices)
        for path in found.conversations:
            self._conversations(path)
        for path in found.states:
            self._state(path)
        used_fills = {state.with_name("trades.json") for state in found.states}
        self.report.not_read = [
            found.name(path) for path in (*found.others, *(path for path in found.fills if path not in used_fills))
        ]

    def _hkuds(self, path: Path, prices: hkuds_logs.Prices) -> None:
        home = path.parents[1]
        exchange = self.options.exchange or HKUDS
        agent = hkuds_logs.Agent(self.options.agent(HKUDS, home.name), exchange, self.options.origin, prices)
        file = self.found.name(path)
        self._agent(file, agent.id, home.name, "AI-Trader")
        self.put(file, ACCOUNTS, hkuds_logs.account(path, agent))
        traded = {step.symbol for step in hkuds_logs.steps(path, agent) if isinstance(step, hkuds_logs.Step)}
        self.symbols(exchange, traded - {hkuds_logs.PORTFOLIO})
        self.put(file, DECISIONS, hkuds_logs.decisions(path, agent), str(agent.oddities), ACTION_MONEY)
        for table, rows, money in (
            (ORDERS, hkuds_logs.orders(path, agent), ACTION_MONEY),
            (EQUITY_SNAPSHOTS, hkuds_logs.equity_snapshots(path, agent), None),
        ):
            tally = self.quietly(table, rows, money)
            odd = agent.oddities
            note = hkuds_logs.Oddities(unexplained=odd.unexplained, unpriced=odd.unpriced)
            self.line(file, table.name, tally, str(note))
        self._hkuds_logs(self.found.logs.get(home, []), agent, home)

    def _hkuds_logs(self, logs: list[Path], agent: hkuds_logs.Agent, home: Path) -> None:
        if not logs:
            return
        file = f"{self.found.name(home)}/log"
        threads = [hkuds_logs.conversation(path, agent) for path in logs]
        self.put(file, CONVERSATIONS, threads)
        by_thread = {thread.values["source_id"]: path for thread, path in zip(threads, logs, strict=True)}

        def messages(thread: Row | Reject) -> list[Row | Reject]:
            assert isinstance(thread, Row)
            source_id = thread.values["source_id"]
            return list(hkuds_logs.messages(by_thread[source_id], source_id))

        self._messages(file, iter(threads), messages)

    def _conversations(self, path: Path) -> None:
        """One bot's conversations; a list of another shape is said to be none."""
        name = path.stem.removesuffix("_conversations")
        name = path.parent.name if name == "conversations" else name
        bot = self._bot(name)
        file = self.found.name(path)

        def elements() -> Iterator[Any]:
            return _elements(path, "conversations")

        try:
            known = [cookiegg_logs.is_conversation(element) for element in elements()]
        except (exact_json.NotJson, OSError) as error:
            self.report.broken[file] = str(error)
            return
        if not any(known):
            self.report.not_read.append(file)
            return
        self._agent(file, bot.id, name, "cookiegg/nof")
        self.symbols(bot.exchange, _symbols(cookiegg_logs.decisions(elements(), bot)) - {cookiegg_logs.PORTFOLIO})
        self.put(file, CONVERSATIONS, cookiegg_logs.conversations(elements(), bot))
        self._messages(file, cookiegg_logs.conversations(elements(), bot), cookiegg_logs.messages)
        self.put(file, DECISION_CYCLES, cookiegg_logs.decision_cycles(elements(), bot))
        self.put(file, DECISIONS, cookiegg_logs.decisions(elements(), bot), money={
            "quantity": lambda raw: cookiegg_logs.quantity(raw.get("decision")) if isinstance(raw, dict) else None
        })  # fmt: skip

    def _state(self, path: Path) -> None:
        """A bot's trading-state.json, with the trades.json beside it."""
        file = self.found.name(path)
        try:
            state = exact_json.loads(path.read_bytes())
        except (exact_json.NotJson, OSError) as error:
            self.report.broken[file] = str(error)
            return
        if not isinstance(state, dict) or not isinstance(state.get("trades"), list):
            self.report.broken[file] = "expected an object with a list under 'trades'"
            return
        beside = path.with_name("trades.json")
        bot = self._bot(self._owner(beside))
        self._agent(file, bot.id, bot.id, "cookiegg/nof")
        self.put(file, ACCOUNTS, [cookiegg_logs.account(state, bot)])
        self.symbols(bot.exchange, _symbols(cookiegg_logs.orders(state, bot)))
        self.put(file, ORDERS, cookiegg_logs.orders(state, bot), money=FILL_MONEY)
        self.put(file, EQUITY_SNAPSHOTS, cookiegg_logs.equity_snapshots(state, bot), money={
            "equity": lambda raw: raw.get("accountValue") if isinstance(raw, dict) else None
        })  # fmt: skip
        if beside in self.found.fills:
            known = {key: order for order in state["trades"] if (key := cookiegg_logs.order_key(order))}
            try:
                rows = cookiegg_logs.fills(_elements(beside, "trades"), known, bot)
                note = "orders that trading-state.json has, too, are its own"
                self.put(self.found.name(beside), ORDERS, rows, note, FILL_MONEY)
            except exact_json.NotJson as error:
                self.report.broken[self.found.name(beside)] = str(error)

    def _owner(self, fills: Path) -> str:
        """trading-state.json does not name its bot; the fills beside it do."""
        try:
            first = next(_elements(fills, "trades"), None)
        except (exact_json.NotJson, OSError):
            return "default"
        found = first.get("model_id") if isinstance(first, dict) else None
        return found if isinstance(found, str) and found else "default"

    def _bot(self, name: str) -> cookiegg_logs.Bot:
        exchange = self.options.exchange or "binance-demo"
        return cookiegg_logs.Bot(self.options.agent(COOKIEGG, name), exchange, self.options.origin)

    def _agent(self, file: str, agent: str, name: str, program: str) -> None:
        values = {
            "id": agent,
            "display_name": name,
            "origin": self.options.origin,
            "details": {"program": program, "name": name},
        }
        self.put(file, AGENTS, [Row(values, {"id": agent})])

    def _messages(
        self, file: str, threads: Iterator[Row | Reject], messages: Callable[[Row | Reject], list[Row | Reject]]
    ) -> None:
        self.put(file, CONVERSATION_MESSAGES, addressed(self.connection, self.mode, threads, messages))


def _elements(path: Path, key: str) -> Iterator[Any]:
    with path.open("rb") as file:
        for item in items(file):
            if item.listed and item.key == key and item.value is not Mark.LIST:
                yield item.value


def _symbols(rows: Iterable[Row | Reject]) -> set[str]:
    return {row.values["symbol"] for row in rows if isinstance(row, Row) and row.values.get("symbol")}
