"""`candlehouse cold plan | apply | verify`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from dagster_project.lib.cold.engine import Outcome
    from dagster_project.lib.cold.policies import ColdPolicy

TABLES = click.argument("names", nargs=-1, metavar="[TABLE]...")
JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group()
def cold() -> None:
    """Move old months of ClickHouse to Parquet files, with proof.

    \b
    Examples:
      candlehouse cold plan
      candlehouse cold apply market_orderbook
      candlehouse cold verify
    """


@cold.command()
@TABLES
@JSON
def plan(names: tuple[str, ...], as_json: bool) -> None:
    """Show which months would go to files, and why. Changes nothing.

    \b
    Example: candlehouse cold plan
    """
    import json
    from datetime import UTC, datetime

    from dagster_project.lib.cold.engine import plan as make

    with ready() as (settings, connection, client, store):
        rows = [
            (policy, make(policy, connection, client, store, datetime.now(UTC))) for policy in chosen(settings, names)
        ]
    if as_json:
        click.echo(json.dumps([vars(row) | {"months_kept": policy.months} for policy, row in rows]))
        return
    for policy, row in rows:
        kept = f"{policy.months} months stay" if policy.months else "all months stay"
        reasons = [("due", row.due), ("late rows", row.late), ("changed rows", row.changed)]
        reasons += [("unfinished", row.unfinished), ("restored, held", row.held)]
        told = "; ".join(f"{why}: {', '.join(map(str, months))}" for why, months in reasons if months)
        click.echo(f"{policy.table}: {told or 'nothing to do'} ({kept})")


@cold.command()
@TABLES
@click.option("--month", type=int, metavar="YYYYMM", help="This month alone, due or restored or not; one TABLE.")
@JSON
def apply(names: tuple[str, ...], month: int | None, as_json: bool) -> None:
    """Write what is due to files, prove them, and drop the partitions. A second call does nothing.

    Exit 1 when a table could not be finished; the others go on.

    \b
    Example: candlehouse cold apply market_orderbook
    """
    import json
    from datetime import UTC, datetime

    from dagster_project.lib.cold.engine import apply as run
    from dagster_project.lib.cold.errors import NotProven
    from dagster_project.lib.cold.ledger import Busy
    from dagster_project.lib.cold.table import NotFit

    if month and len(names) != 1:
        raise click.UsageError("--month needs exactly one TABLE")
    results: list[dict[str, Any]] = []
    with ready() as (settings, connection, client, store):
        for policy in chosen(settings, names):
            result: dict[str, Any] = {"table": policy.table, "trouble": None}
            try:
                done = run(
                    policy,
                    connection,
                    client,
                    store,
                    datetime.now(UTC),
                    month=month,
                    on_month=_progress(as_json),
                )
                result |= vars(done)
            except (NotProven, NotFit, Busy) as error:
                result["trouble"] = str(error)
            results.append(result)
            if not as_json:
                _say(result)
    if as_json:
        click.echo(json.dumps(results))
    if any(result["trouble"] for result in results):
        raise click.exceptions.Exit(1)


@cold.command()
@TABLES
@JSON
def verify(names: tuple[str, ...], as_json: bool) -> None:
    """Compare every file with its manifest: bytes, rows, hash, sums, times. Exit 1 on a difference.

    \b
    Example: candlehouse cold verify trades_history
    """
    import json

    from dagster_project.lib.cold import ledger
    from dagster_project.lib.cold.errors import NotProven
    from dagster_project.lib.cold.files import check
    from dagster_project.lib.cold.table import table

    results: list[dict[str, Any]] = []
    with ready() as (settings, connection, client, store):
        for policy in chosen(settings, names):
            described = table(client, policy)
            for file in ledger.files(connection, described.name, *ledger.READ, "restored"):
                result = {"table": policy.table, "month": file.month, "path": file.path, "rows": file.side.rows}
                try:
                    check(client, store, described, file)
                    result["trouble"] = None
                except NotProven as error:
                    result["trouble"] = str(error)
                results.append(result)
                if not as_json:
                    line = result["trouble"] or f"{file.path}: {file.side.rows} rows, as proven"
                    click.echo(line, err=bool(result["trouble"]))
    wrong = sum(1 for result in results if result["trouble"])
    if as_json:
        click.echo(json.dumps(results))
    else:
        click.echo(f"{len(results)} files, {wrong} differ")
    if wrong:
        raise click.exceptions.Exit(1)


@contextmanager
def ready() -> Iterator[tuple[Any, Any, Any, Any]]:
    """Settings, PostgreSQL, ClickHouse and the store.

    Raises:
        StackError, EngineAway: an engine is silent.
        StoreError: the URL of the store is wrong.
    """
    from dagster_project.commands.running import require_answers
    from dagster_project.lib.archive.engines import both
    from dagster_project.lib.cold.store import open_store
    from dagster_project.settings import load_settings

    settings = load_settings()
    require_answers(settings, "postgres", "clickhouse")
    store = open_store(settings.cold_url)
    with both(settings) as (connection, client):
        yield settings, connection, client, store


def chosen(settings: Any, names: tuple[str, ...]) -> list[ColdPolicy]:
    """The policies of these tables, all of them without names. Raises UnknownTable."""
    from dagster_project.lib.cold.policies import policies, policy

    months = settings.collect.cold.months
    return [policy(name, months) for name in names] or list(policies(months).values())


def _progress(quiet: bool) -> Callable[[Outcome], None]:
    import sys

    def show(outcome: Outcome) -> None:
        if not quiet and sys.stderr.isatty():
            click.echo(f"\r{outcome.table}: {len(outcome.months)} months, {outcome.rows} rows", err=True, nl=False)

    return show


def _say(result: dict[str, Any]) -> None:
    if result["trouble"]:
        click.echo(result["trouble"], err=True)
    elif result["months"] or result["deleted"] or result["leftovers"]:
        click.echo(
            f"{result['table']}: {len(result['months'])} months, {result['files']} files with {result['rows']} rows"
            f" ({result['bytes']} bytes), {result['parts']} parts dropped, {result['deleted']} replaced files deleted,"
            f" {result['leftovers']} leftovers removed"
        )
    else:
        click.echo(f"{result['table']}: nothing to do")
