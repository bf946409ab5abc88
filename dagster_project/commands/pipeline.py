"""The whole pipeline once, as Dagster runs that the UI shows afterwards, with progress in the terminal."""

from __future__ import annotations

import sys
import time
import uuid
from collections.abc import Container, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dagster import AssetKey, DagsterInstance, Definitions, EventLogEntry, ExecuteInProcessResult
    from rich.console import Console

    from dagster_project.settings import Market, Settings

POLL_SECONDS = 0.5
BOARDS = "boards"
# What the boards are built from, in PostgreSQL; the copies in ClickHouse follow.
INPUTS = ("agents", "accounts", "account_equity_snapshots", "trades", "decisions")
# What scores decisions by the candles of the stages before, and carries them to ClickHouse.
OUTCOMES = (
    ["postgres", "public", "decision_outcomes"],
    ["clickhouse", "candlehouse", "decision_outcomes"],
    ["clickhouse", "candlehouse", "agent_decisions_log"],
)
PERFORMANCE = ["clickhouse", "candlehouse", "agent_performance"]
PERFORMANCE_DAYS = 28
SHARED_RANGE = timedelta(days=7)
# Without recorded bounds: yesterday and today, about 17,000 candles for six markets.
LIVE_DAYS = 2

# The terminal shows a line of progress; the whole log of a run is in the UI.
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@dataclass(frozen=True)
class Stage:
    """Assets that run together; `tags` carry a partition range where they are partitioned."""

    title: str
    assets: Sequence[AssetKey]
    tags: dict[str, str] = field(default_factory=dict)


def run_once(settings: Settings, console: Console) -> bool:
    """Runs trades, candles and boards once and prints the leaderboard. Returns whether everything succeeded.

    A stage that fails does not stop the others: a dead venue must not hide the board of what is there.
    """
    from dagster import DagsterInstance

    from dagster_project.commands.board import print_board
    from dagster_project.definitions import defs

    loaded = defs()
    succeeded = True
    with DagsterInstance.get() as instance, _output_to(settings.home / "logs" / "pipeline.log", console):
        for stage in stages(settings, loaded):
            if stage.title == BOARDS and (built := _built_after_last_change(settings, instance, stage)):
                console.print(f"[green]current[/] {BOARDS}: nothing changed since {built:%Y-%m-%d %H:%M:%S} UTC")
            else:
                succeeded &= _run(stage, loaded, instance, console)
    return print_board(settings, console) and succeeded


@contextmanager
def _output_to(path: Path, console: Console) -> Iterator[None]:
    """What dbt prints (200 lines a build) goes to a file; the console keeps the terminal."""
    terminal, console.file = console.file, sys.stdout
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("w") as file, redirect_stdout(file):
            yield
    finally:
        console.file = terminal


def stages(settings: Settings, loaded: Definitions) -> list[Stage]:
    """The stages in order: what comes in from outside, then everything derived from it.

    Raises:
        RuntimeError: a stage has no assets, so the code location is not what this command expects.
    """
    from dagster import AssetSelection

    from dagster_project.defs.transform.hours import HOURS

    graph = loaded.resolve_asset_graph()
    candles = AssetSelection.groups("market")
    # Marks and hours are taken from the candles of the stages before.
    derived = [["postgres", "public", "daily_marks"], *(key.path for key in HOURS)]
    outcomes, performance = AssetSelection.assets(*OUTCOMES), AssetSelection.assets(PERFORMANCE)
    boards = (AssetSelection.kind("dbt") | AssetSelection.assets(*derived)).downstream() - performance - outcomes
    found = [
        Stage("trades", sorted((AssetSelection.groups("trading") - boards - outcomes - performance).resolve(graph))),
        *(
            Stage(
                f"candles {first} to {last}" if first != last else f"candles {first}",
                sorted(candles.materializable().resolve(graph)),
                _range(first, last),
            )
            for first, last in candle_ranges(
                settings.markets, settings.market_start, datetime.now(UTC).date(), _complete_days(settings)
            )
        ),
        Stage("outcomes", sorted(outcomes.resolve(graph))),
        Stage(BOARDS, sorted(boards.materializable().resolve(graph))),
        Stage("performance", sorted(performance.resolve(graph)), _range(*_traded_days(settings))),
    ]
    empty = [stage.title for stage in found if not stage.assets]
    if empty:
        raise RuntimeError(f"no assets for {', '.join(empty)}: a room under dagster_project/defs did not load")
    return found


def candle_ranges(
    markets: Sequence[Market], start: date, today: date, complete: Container[tuple[str, str, str, date]] = ()
) -> list[tuple[date, date]]:
    """Ranges of UTC days to collect, ends included: days that a market is known to have and that are not complete.

    A market without known bounds, as a live venue's is, asks for yesterday and today. Days less than a week apart share
    a range, because a run costs more than a few days that need nothing.

    Args:
        complete: (exchange, symbol, timeframe, day) of the ledger's finished windows.
    """
    wanted: set[date] = set()
    for market in markets:
        first = market.first or max(start, today - timedelta(days=LIVE_DAYS - 1))
        last = min(market.last or today, today)
        days = (first + timedelta(days=number) for number in range((last - first).days + 1))
        identity = (market.exchange, market.symbol, market.timeframe)
        wanted.update(day for day in days if (*identity, day) not in complete)
    ranges: list[tuple[date, date]] = []
    for day in sorted(wanted):
        if ranges and day - ranges[-1][1] <= SHARED_RANGE:
            ranges[-1] = (ranges[-1][0], day)
        else:
            ranges.append((day, day))
    return ranges


def _range(first: date, last: date) -> dict[str, str]:
    return {
        "dagster/asset_partition_range_start": first.isoformat(),
        "dagster/asset_partition_range_end": last.isoformat(),
    }


def _traded_days(settings: Settings) -> tuple[date, date]:
    """The days whose hours are worth a first look: four weeks until the newest trade, else until today."""
    import psycopg

    from dagster_project.defs.trading.partitions import FIRST

    today = datetime.now(UTC).date()
    with psycopg.connect(settings.ingest_url) as connection:
        row = connection.execute("SELECT (max(closed_at) AT TIME ZONE 'UTC')::date FROM trades").fetchone()
    last = max(min(row[0], today) if row and row[0] else today, FIRST)
    return max(last - timedelta(days=PERFORMANCE_DAYS - 1), FIRST), last


def _complete_days(settings: Settings) -> set[tuple[str, str, str, date]]:
    import psycopg

    with psycopg.connect(settings.ingest_url) as connection:
        rows = connection.execute(
            "SELECT exchange, symbol, timeframe, (window_start AT TIME ZONE 'UTC')::date FROM ops.ingest_windows"
            " WHERE state IN ('complete', 'confirmed_empty')"
        )
        return {(row[0], row[1], row[2], row[3]) for row in rows}


def _built_after_last_change(settings: Settings, instance: DagsterInstance, stage: Stage) -> datetime | None:
    """When the stage was last built whole and in success, if no input and no model changed since."""
    import psycopg
    from dagster import DagsterRunStatus

    from dagster_project.defs.transform.prepare import ENGINES, manifest_path

    events = [instance.get_latest_materialization_event(key) for key in stage.assets]
    records = [instance.get_run_record_by_id(event.run_id) if event else None for event in events]
    starts = [
        record.start_time
        for record in records
        if record and record.start_time and record.dagster_run.status is DagsterRunStatus.SUCCESS
    ]
    if len(starts) < len(stage.assets):
        return None
    newest_input = " UNION ALL ".join(f"SELECT max(updated_at) AS at FROM {table}" for table in INPUTS)
    with psycopg.connect(settings.ingest_url) as connection:
        row = connection.execute(
            f"SELECT extract(epoch FROM max(at)) FROM ({newest_input}) AS inputs".encode()
        ).fetchone()
    newest = float(row[0]) if row and row[0] is not None else 0.0
    changed = max(newest, *(manifest_path(engine).stat().st_mtime for engine in ENGINES))
    # Of the start, not the end: an input that changed during a build counts as newer than it.
    return datetime.fromtimestamp(min(starts), UTC) if changed < min(starts) else None


def _run(stage: Stage, loaded: Definitions, instance: DagsterInstance, console: Console) -> bool:
    run_id = str(uuid.uuid4())
    job = loaded.resolve_implicit_global_asset_job_def()
    started = time.monotonic()
    with ThreadPoolExecutor(1) as pool, console.status(stage.title) as status:
        running = pool.submit(
            job.execute_in_process,
            instance=instance,
            asset_selection=list(stage.assets),
            tags=stage.tags,
            run_config=QUIET,
            run_id=run_id,
            raise_on_error=False,
        )
        cursor = None
        while not running.done():
            time.sleep(POLL_SECONDS)
            fresh = instance.get_records_for_run(run_id, cursor)
            cursor = fresh.cursor
            for record in fresh.records:
                if line := _progress(record.event_log_entry):
                    status.update(f"{stage.title}: {line}")
        result = running.result()
    _report(stage, result, time.monotonic() - started, console)
    return result.success


def _progress(entry: EventLogEntry) -> str | None:
    """What a person wants to see of one event."""
    event = entry.dagster_event
    if event is None:
        message = entry.user_message.strip()
        return message.splitlines()[0][:160] if message else None
    if event.is_step_materialization and event.asset_key:
        return f"{event.asset_key.to_user_string()} done"
    return None


def _report(stage: Stage, result: ExecuteInProcessResult, seconds: float, console: Console) -> None:
    mark = "[green]done[/]" if result.success else "[red]failed[/]"
    made = {key for event in result.get_asset_materialization_events() if (key := event.asset_key)}
    checks = result.get_asset_check_evaluations()
    failed = [check for check in checks if not check.passed]
    console.print(
        f"{mark} {stage.title}: {len(made)} of {len(stage.assets)} assets,"
        f" {len(checks) - len(failed)} of {len(checks)} checks passed, {seconds:.1f} s",
        highlight=False,
    )
    for check in failed:
        why = f": {check.description}" if check.description else ""
        console.print(f"  [yellow]check[/] {check.asset_key.to_user_string()} {check.check_name}{why}", highlight=False)
    for event in result.filter_events(lambda event: event.is_step_failure):
        error = event.step_failure_data.error
        lines = (error.message if error else event.message or "failed").strip().splitlines()
        reason = next((line for line in reversed(lines) if line.strip()), "failed")
        console.print(f"  [red]{event.step_key}[/]: {reason}", highlight=False)
