"""`candlehouse import`: recorded data of other designs and programs, one sub-command each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    import psycopg

    from dagster_project.lib.import_account import Report
    from dagster_project.lib.trading_store import Mode

Command = TypeVar("Command", bound=Callable[..., Any])


@click.group()
def import_() -> None:
    """Bring recorded data of other designs and programs in, every row accounted for.

    Each import can be run again and again, also after it was killed: rows that are there are left as they are. What is
    refused is kept in ops.quarantine with its reason. Formats and what is lost: docs/import.md.

    \b
    Examples:
      candlehouse import nof0 ../shared/data/arena
      candlehouse import sqlite tradesv3.sqlite --dry-run
      candlehouse import candles user_data/data --exchange binance
      candlehouse import agents DIR --parity
    """


def modes(command: Command) -> Command:
    """The options that every import has."""
    for option in (
        click.option("--json", "as_json", is_flag=True, help="Print the account as JSON."),
        click.option("--parity", is_flag=True, help="Compare what is stored with the source; write nothing."),
        click.option("--dry-run", is_flag=True, help="Say what would go where; write nothing."),
    ):
        command = option(command)
    return command


def mode_of(dry_run: bool, parity: bool) -> Mode:
    """What the two flags ask for."""
    from dagster_project.lib.trading_store import Mode

    if dry_run and parity:
        raise click.UsageError("--dry-run and --parity are two questions: ask one")
    return Mode.TRY if dry_run else Mode.COMPARE if parity else Mode.LAND


@contextmanager
def database() -> Iterator[psycopg.Connection]:
    """PostgreSQL as the role that imports log in as; whatever fails is one line."""
    import psycopg

    from dagster_project.commands.running import require_answers
    from dagster_project.lib.import_account import ImportFailed
    from dagster_project.settings import load_settings

    settings = load_settings()
    try:
        require_answers(settings, "postgres")
        with psycopg.connect(settings.ingest_url, autocommit=True, options="-c timezone=UTC") as connection:
            yield connection
    except ImportFailed as failed:
        raise click.ClickException(str(failed)) from None
    except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn, psycopg.errors.UndefinedFunction) as error:
        missing = str(error).splitlines()[0]
        raise click.ClickException(f"the tables are not there yet ({missing}): run `candlehouse migrate`") from None
    except psycopg.OperationalError as error:
        lost = str(error).strip().splitlines()[0]
        raise click.ClickException(f"PostgreSQL went away ({lost}): run the same import again, it goes on") from None


def finish(report: Report, as_json: bool) -> None:
    """Prints the account; exit code 1 when the import did not do what it says."""
    import json

    from dagster_project.commands.import_report import show

    if as_json:
        click.echo(json.dumps(report.as_json()))
    else:
        show(report)
    if report.faults:
        raise click.exceptions.Exit(1)


@import_.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--exchange", default="hyperliquid", show_default=True, help="Venue the agents trade on.")
@click.option(
    "--origin",
    "origins",
    multiple=True,
    metavar="ORIGIN or FILE=ORIGIN",
    help="Where the rows come from: live, recorded (default), repaired, paper, simulated or handmade;"
    " for all files, or for one, such as positions=handmade. Repeatable. A file that contradicts its neighbours is"
    " handmade unless this says otherwise.",
)
@click.option(
    "--as-of",
    type=click.DateTime(["%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d"]),
    help="Time (UTC) of leaderboard.json, which has none; default: newest serverTime of the files beside it.",
)
@modes
def nof0(
    folder: Path,
    exchange: str,
    origins: tuple[str, ...],
    as_of: datetime | None,
    dry_run: bool,
    parity: bool,
    as_json: bool,
) -> None:
    """Read the NOF0 design's JSON files in FOLDER into PostgreSQL.

    Files: trades, positions, account-totals, conversations, *conversations-full*, since-inception-values,
    crypto-prices, leaderboard, analytics* (.json). Exit code 1 when a file cannot be read at all, when a sum differs,
    or when --parity finds a difference.

    \b
    Examples:
      candlehouse import nof0 ../shared/data/arena
      candlehouse import nof0 DIR --origin positions=recorded --json
      candlehouse import nof0 DIR --parity
    """
    from dagster_project.commands.import_report import progress
    from dagster_project.lib.nof0_import import Options, import_folder

    for_all = [origin for origin in origins if "=" not in origin]
    per_file = dict(origin.split("=", 1) for origin in origins if "=" in origin)
    with database() as connection, progress(not as_json, str(folder)) as advance:
        options = Options(
            exchange,
            for_all[-1] if for_all else "recorded",
            {file.removesuffix(".json"): origin for file, origin in per_file.items()},
            as_of.replace(tzinfo=UTC) if as_of else None,
            mode_of(dry_run, parity),
        )
        report = import_folder(connection, folder, options, on_rows=advance)
    finish(report, as_json)


@import_.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--mapping", type=click.Path(path_type=Path), help="TOML file that says which column goes where.")
@click.option("--show-mapping", is_flag=True, help="Print the default mapping file and stop.")
@click.option("--name", help="Tells this file's row numbers from another file's; default: the file's name.")
@click.option("--agent", help="Agent of all rows; default: freqtrade's strategy, else the mapping's.")
@click.option("--exchange", help="Venue of all rows; default: what the file or the mapping says.")
@click.option("--origin", help="Where the rows come from; default: recorded, and paper for freqtrade's dry runs.")
@modes
def sqlite(
    file: Path,
    mapping: Path | None,
    show_mapping: bool,
    name: str | None,
    agent: str | None,
    exchange: str | None,
    origin: str | None,
    dry_run: bool,
    parity: bool,
    as_json: bool,
) -> None:
    """Read another program's SQLite FILE: freqtrade's trades and orders, or a learning bot's trades and analyses.

    freqtrade's database is known by its columns, in all generations; every other goes through a mapping file, which
    by default knows the tables trades and analysis_results.

    \b
    Examples:
      candlehouse import sqlite tradesv3.sqlite --name my-bot
      candlehouse import sqlite old-trading.db --dry-run
      candlehouse import sqlite old-trading.db --mapping my.toml --agent gpt-4
    """
    from dagster_project.commands.import_report import progress, show_places
    from dagster_project.lib.sqlite_import import Options, import_file
    from dagster_project.lib.sqlite_mapping import DEFAULT

    if show_mapping:
        click.echo(DEFAULT.read_text(), nl=False)
        return
    with database() as connection, progress(not as_json, str(file)) as advance:
        options = Options(name, agent, exchange, origin, mapping, mode_of(dry_run, parity))
        report = import_file(connection, file, options, on_rows=advance)
    if dry_run and not as_json:
        show_places(report)
    finish(report, as_json)


@import_.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--exchange", help="Venue of all rows; default: ai-trader, binance-demo.")
@click.option("--prefix", help="What agents' ids begin with; default: ai-trader-, nof-.")
@click.option("--origin", default="paper", show_default=True, help="Where the rows come from.")
@modes
def agents(
    folder: Path,
    exchange: str | None,
    prefix: str | None,
    origin: str,
    dry_run: bool,
    parity: bool,
    as_json: bool,
) -> None:
    """Read agents' own logs in FOLDER and below: AI-Trader's position.jsonl and log.jsonl, cookiegg/nof's JSON files.

    Orders get a price, and holdings a value, only where AI-Trader's own crypto_merged.jsonl has one.

    \b
    Examples:
      candlehouse import agents data/agent_data_crypto
      candlehouse import agents DIR --dry-run --json
    """
    from dagster_project.commands.import_report import progress
    from dagster_project.lib.agents_import import Options, import_folder

    with database() as connection, progress(not as_json, str(folder)) as advance:
        options = Options(exchange, prefix, origin, mode_of(dry_run, parity))
        report = import_folder(connection, folder, options, on_rows=advance)
    finish(report, as_json)


@import_.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--exchange", help="Venue of all files, such as binance; default: what names and folders say.")
@click.option(
    "--rename",
    "renames",
    multiple=True,
    metavar="OLD=NEW",
    help="Store candles of symbol OLD under NEW, such as MATIC/USDT=POL/USDT. Repeatable.",
)
@click.option("--only", metavar="GLOB", help="Only files whose path matches, such as 'binance/*-1m.feather'.")
@modes
def candles(
    folder: Path,
    exchange: str | None,
    renames: tuple[str, ...],
    only: str | None,
    dry_run: bool,
    parity: bool,
    as_json: bool,
) -> None:
    """Read recorded candle files in FOLDER and below into ClickHouse: feather, Parquet, JSON and CSV, as freqtrade,
    Binance's dumps and CryptoDataDownload name them.

    A venue's own candles are never replaced. Days that a file does not hold whole are booked as such, so that a
    collector of the same market asks its venue for the rest. Exit code 1 when no file could be taken, or when --parity
    finds a difference.

    \b
    Examples:
      candlehouse import candles user_data/data/binance
      candlehouse import candles dumps --exchange binance --rename MATIC/USDT=POL/USDT
    """
    from dagster_project.commands.import_candles import run

    given = {}
    for rename in renames:
        old, equals, new = rename.partition("=")
        if not equals or not old or not new:
            raise click.UsageError(f"--rename {rename!r} is not OLD=NEW")
        given[old] = new
    run(folder, exchange, given, only, mode_of(dry_run, parity), as_json)
