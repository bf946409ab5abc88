"""`candlehouse import`: recorded data of other designs, one sub-command each."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from dagster_project.lib.nof0_import import Report
    from dagster_project.lib.trading_rows import Tally

SHOWN_REASONS = 20


@click.group()
def import_() -> None:
    """Bring recorded data of other designs in, every row accounted for.

    \b
    Example: candlehouse import nof0 ../shared/data/arena
    """


@import_.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--exchange", default="hyperliquid", show_default=True, help="Venue the agents trade on.")
@click.option(
    "--origin",
    "origins",
    multiple=True,
    metavar="ORIGIN or FILE=ORIGIN",
    help="Where the rows come from: live, recorded (default), repaired, paper, simulated or handmade;"
    " for all files, or for one, such as positions=handmade. Repeatable.",
)
@click.option(
    "--as-of",
    type=click.DateTime(["%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d"]),
    help="Time (UTC) of leaderboard.json, which has none; default: newest serverTime of the files beside it.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the account as JSON.")
def nof0(folder: Path, exchange: str, origins: tuple[str, ...], as_of: datetime | None, as_json: bool) -> None:
    """Read the NOF0 design's JSON files in FOLDER into PostgreSQL, idempotently.

    Files: trades, positions, conversations, since-inception-values, crypto-prices, leaderboard (.json). Every row is
    landed, updated, unchanged, or kept in ops.quarantine with a reason. Exit code 1 when a file cannot be read at all.

    \b
    Examples:
      candlehouse import nof0 ../shared/data/arena
      candlehouse import nof0 DIR --origin positions=handmade --origin conversations=handmade --json
    """
    import json

    import psycopg

    from dagster_project.commands.running import require_answers
    from dagster_project.lib.nof0_import import ImportFailed, Options, import_folder
    from dagster_project.settings import load_settings

    settings = load_settings()
    for_all = [origin for origin in origins if "=" not in origin]
    per_file = dict(origin.split("=", 1) for origin in origins if "=" in origin)
    try:
        options = Options(
            exchange,
            for_all[-1] if for_all else "recorded",
            {file.removesuffix(".json"): origin for file, origin in per_file.items()},
            as_of.replace(tzinfo=UTC) if as_of else None,
        )
        require_answers(settings, "postgres")
        with psycopg.connect(settings.ingest_url, autocommit=True) as connection:
            report = import_folder(connection, folder, options)
    except ImportFailed as failed:
        raise click.ClickException(str(failed)) from None
    except psycopg.errors.UndefinedTable:
        raise click.ClickException("the trading tables are not there yet: run `candlehouse migrate`") from None
    if as_json:
        click.echo(json.dumps(report.as_json()))
    else:
        _show(report)
    if report.broken:
        raise click.exceptions.Exit(1)


def _show(report: Report) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console(soft_wrap=True)
    console.width = max(console.width, 112)
    table = Table(title="Import", title_justify="left")
    for column in ("file", "table"):
        table.add_column(column, no_wrap=True)
    for column in ("read", "landed", "updated", "unchanged", "quarantined"):
        table.add_column(column, justify="right", no_wrap=True)
    for line in report.lines:
        table.add_row(escape(line.file), line.table, *_counts(line.tally))
    console.print(table, crop=False)
    for line in report.lines:
        if line.note:
            console.print(f"{line.table}: {escape(line.note)}")
    for line in report.lines:
        for reject in line.tally.rejects[:SHOWN_REASONS]:
            console.print(f"[yellow]quarantined[/] {line.table} {escape(reject.key)}: {escape(reject.reason)}")
        if line.tally.quarantined > SHOWN_REASONS:
            rest = line.tally.quarantined - SHOWN_REASONS
            console.print(f"[yellow]quarantined[/] {line.table}: {rest} more, all in ops.quarantine")
    for file in report.missing:
        console.print(f"[yellow]missing[/] {file}")
    if report.not_read:
        console.print(f"[dim]not read: {escape(', '.join(report.not_read))}[/]")
    for file, why in report.broken.items():
        click.echo(f"Error: {file}: {why}", err=True)


def _counts(tally: Tally) -> tuple[str, ...]:
    quarantined = f"[yellow]{tally.quarantined}[/]" if tally.quarantined else "0"
    return str(tally.read), str(tally.landed), str(tally.updated), str(tally.unchanged), quarantined
