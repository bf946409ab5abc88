"""What a materialization of candles tells people in the Dagster UI.

Every partition carries its own counts. What is true of the run as a whole hangs on its last partition only: with the
plot on each of them, a range of 734 days stored 734 copies of it.
"""

import base64
import io
import time
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import dagster as dg

if TYPE_CHECKING:
    import psycopg

    from dagster_project.lib.candles.ingest import Report

GREEN, AMBER, RED, BLANK = "#3f8f5f", "#d9a441", "#c0504d", "#eceff1"
MOST_DAYS = 400  # columns of the coverage plot; longer runs show their last days


def describe_days(connection: "psycopg.Connection", days: Sequence[date]) -> dict[str, dict[str, Any]]:
    """What the ledger knows about each UTC day, by partition key: its counts and its markets as a table."""
    from dagster_project.lib.queries import statement

    start = datetime(days[0].year, days[0].month, days[0].day, tzinfo=UTC)
    window = {"start": start, "end": start + timedelta(days=len(days))}
    rows: dict[str, list[tuple[Any, ...]]] = {day.isoformat(): [] for day in days}
    for day, *row in connection.execute(statement("ledger_days"), window):
        rows[day].append(tuple(row))
    return {day: _describe_day(found) for day, found in rows.items()}


def _describe_day(rows: list[tuple[Any, ...]]) -> dict[str, Any]:
    counts = (
        "candles_expected",
        "dagster/partition_row_count",
        "confirmed_empty",
        "missing",
        "quarantined",
        "corrected",
    )
    facts: dict[str, Any] = {name: sum(row[4 + place] for row in rows) for place, name in enumerate(counts)}
    if rows:
        names = "venue symbol tf state expected stored empty missing refused corrected cause"
        facts["markets"] = dg.MetadataValue.md(_markdown_table(names.split(), rows))
    return facts


def describe_run(report: "Report", days: Sequence[date]) -> dict[str, Any]:
    """What the run did as a whole: its markets as a table, a plot of the coverage, and the query to look with."""
    newest = max((one.last for one in report.markets.values() if one.last is not None), default=None)
    metadata: dict[str, Any] = {
        "run_window": f"{days[0]} to {days[-1]} (UTC)",
        "run_rows_written": sum(one.written for one in report.markets.values()),
        "run_failed_markets": len(report.failures),
        "run_venue_requests": report.requests,
        "run_venue_retries": report.retries,
        "run_hours_built_for_days": report.hours_built,
        "run_markets": dg.MetadataValue.md(_table(report)),
        "query": dg.MetadataValue.md(_query(days)),
    }
    if newest is not None:
        metadata["newest_candle"] = dg.MetadataValue.timestamp(newest / 1000)
        if days[-1] == datetime.now(UTC).date():
            metadata["lag_seconds"] = round(time.time() - newest / 1000)
    if report.coverage:
        metadata["coverage"] = dg.MetadataValue.md(f"![coverage](data:image/png;base64,{coverage_png(report, days)})")
    return metadata


def _markdown_table(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    lines = [f"| {' | '.join(names)} |", "|" + "---|" * len(names)]
    for row in rows:
        cells = (("" if cell is None else str(cell)).replace("|", "/") for cell in row)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _table(report: "Report") -> str:
    rows = []
    for market, one in report.markets.items():
        if not one.expected and not one.failure:
            continue
        newest = f"{datetime.fromtimestamp(one.last / 1000, UTC):%Y-%m-%d %H:%M}" if one.last is not None else ""
        numbers = (one.expected, one.stored, one.empty, one.missing, one.written, one.corrections, one.quarantined)
        names = (market.exchange, market.symbol, market.timeframe)
        rows.append((*names, *(f"{number:,}" for number in numbers), newest, one.failure))
    heads = "venue symbol tf expected stored empty missing written corrected refused newest trouble"
    return _markdown_table(heads.split(), rows)


def _query(days: Sequence[date]) -> str:
    return (
        "```sql\nSELECT exchange, symbol, toDate(timestamp) AS day, count() AS candles, max(timestamp) AS newest\n"
        f"FROM candles_stored\nWHERE timestamp >= '{days[0]}' AND toDate(timestamp) <= '{days[-1]}'\n"
        "GROUP BY exchange, symbol, day ORDER BY exchange, symbol, day\n```\n"
        '`candlehouse sql ch "..."`; the ledger: `candlehouse sql pg "select * from ops.ingest_windows"`'
    )


def coverage_png(report: "Report", days: Sequence[date]) -> str:
    """A row per market, a column per day: stored or confirmed empty is green. Base64 of a PNG."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.colors import to_rgb
    from matplotlib.figure import Figure

    shown = list(days)[-MOST_DAYS:]
    markets = [one for one in report.markets if any((one, day) in report.coverage for day in shown)]
    pixels = [[to_rgb(_colour(report.coverage.get((market, day)))) for day in shown] for market in markets]
    figure = Figure(figsize=(8, 0.8 + 0.28 * len(markets)), dpi=90, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.imshow(pixels, aspect="auto", interpolation="nearest")
    axes.set_yticks(
        range(len(markets)), [f"{one.exchange} {one.symbol} {one.timeframe}" for one in markets], fontsize=7
    )
    ticks = sorted({round(position * (len(shown) - 1) / 5) for position in range(6)})
    axes.set_xticks(ticks, [shown[tick].isoformat() for tick in ticks], fontsize=7)
    axes.set_xticks([edge - 0.5 for edge in range(1, len(shown))] if len(shown) <= 62 else [], minor=True)
    axes.set_yticks([edge - 0.5 for edge in range(1, len(markets))], minor=True)
    axes.grid(which="minor", color="white", linewidth=0.8)
    axes.tick_params(which="both", length=0)
    axes.spines[:].set_visible(False)
    axes.set_xlabel("UTC day: green all stored, amber some missing, red none stored, grey not collected", fontsize=7)
    image = io.BytesIO()
    figure.savefig(image, format="png")
    return base64.b64encode(image.getvalue()).decode()


def _colour(share: float | None) -> str:
    if share is None:
        return BLANK
    return GREEN if share >= 1 else AMBER if share > 0 else RED
