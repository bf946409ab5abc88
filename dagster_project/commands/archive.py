"""`candlehouse archive plan | apply | verify`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from dagster_project.lib.archive.engine import Outcome
    from dagster_project.lib.archive.policy import Policy

POLICIES = click.argument("names", nargs=-1, metavar="[POLICY]...")
JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group()
def archive() -> None:
    """Move finished rows from PostgreSQL to ClickHouse, with proof.

    \b
    Examples:
      candlehouse archive plan
      candlehouse archive apply trades
      candlehouse archive verify --deep
    """


@archive.command()
@POLICIES
@JSON
def plan(names: tuple[str, ...], as_json: bool) -> None:
    """Show what apply would do. Changes nothing. Exit 1 when a contract is broken.

    \b
    Example: candlehouse archive plan
    """
    import json

    from dagster_project.lib.archive.backlog import backlog
    from dagster_project.lib.archive.engines import both

    wanted, settings = chosen(names), ready()
    with both(settings) as (connection, client):
        rows = [backlog(policy, connection, client) for policy in wanted]
    if as_json:
        click.echo(json.dumps([vars(row) | {"oldest": row.oldest and row.oldest.isoformat()} for row in rows]))
    else:
        for row in rows:
            since = f", oldest of {row.oldest:%Y-%m-%d %H:%M} UTC" if row.oldest else ""
            click.echo(f"{row.policy}: {row.due} to archive{since}; {row.to_purge} past their grace; {row.unfit} unfit")
            if row.trouble:
                click.echo(row.trouble, err=True)
    if any(row.trouble for row in rows):
        raise click.exceptions.Exit(1)


@archive.command()
@POLICIES
@click.option("--full", is_flag=True, help="Compare every due row with what is marked, not only new versions.")
@click.option("--no-purge", is_flag=True, help="Archive only: delete nothing from PostgreSQL.")
@JSON
def apply(names: tuple[str, ...], full: bool, no_purge: bool, as_json: bool) -> None:
    """Archive what is due and delete what may go. A second call does nothing.

    Exit 1 when a policy could not be applied; the others go on.

    \b
    Example: candlehouse archive apply trades
    """
    import json

    from dagster_project.lib.archive.contract import ContractBroken
    from dagster_project.lib.archive.engine import NotVerified
    from dagster_project.lib.archive.engine import archive as run
    from dagster_project.lib.archive.engines import both
    from dagster_project.lib.archive.purge import NotGuarded, purge
    from dagster_project.settings import ANALYTICS

    wanted, settings = chosen(names), ready()
    results: list[dict[str, Any]] = []
    with both(settings) as (connection, client):
        for policy in wanted:
            result: dict[str, Any] = {"policy": policy.name, "trouble": None}
            try:
                done = run(policy, connection, client, full=full, on_batch=_progress(policy, as_json))
                result |= {"busy": done.busy, "rows": done.rows, "batches": done.batches}
                result |= {"quarantined": done.quarantined, "purged": 0}
                if not no_purge:
                    purged = purge(policy, connection, marts=ANALYTICS)
                    result |= {"purged": purged.rows, "waiting": purged.waiting, "why": purged.why}
            except (ContractBroken, NotVerified, NotGuarded) as error:
                result["trouble"] = str(error)
            results.append(result)
            if not as_json:
                _say(result)
    if as_json:
        click.echo(json.dumps(results))
    if any(result["trouble"] for result in results):
        raise click.exceptions.Exit(1)


@archive.command()
@POLICIES
@click.option("--deep", is_flag=True, help="Compare every archived row by its digest.")
@JSON
def verify(names: tuple[str, ...], deep: bool, as_json: bool) -> None:
    """Compare what the manifests prove with what ClickHouse holds now, day by day. Exit 1 on a difference.

    \b
    Example: candlehouse archive verify --deep
    """
    import json

    from dagster_project.lib.archive.engines import both
    from dagster_project.lib.archive.parity import compare

    wanted, settings = chosen(names), ready()
    with both(settings) as (connection, client):
        found = [compare(policy, connection, client, deep=deep) for policy in wanted]
    if as_json:
        click.echo(json.dumps([parity.as_json() for parity in found]))
    else:
        for parity in found:
            click.echo(parity.line())
            for line in parity.differences():
                click.echo(f"  {line}", err=True)
    if not all(parity.agree for parity in found):
        raise click.exceptions.Exit(1)


def ready() -> Any:
    """The settings, when both databases answer. Raises ClickException, one line, when one does not."""
    from dagster_project.commands.running import require_answers
    from dagster_project.settings import load_settings

    settings = load_settings()
    require_answers(settings, "postgres", "clickhouse")
    return settings


def chosen(names: tuple[str, ...]) -> list[Policy]:
    """The policies of these names, all of them for no name. Raises ClickException for one that is not there."""
    from dagster_project.lib.archive.policies import UnknownPolicy, policies, policy

    try:
        return [policy(name) for name in names] or list(policies().values())
    except UnknownPolicy as error:
        raise click.ClickException(str(error)) from None


def _progress(policy: Policy, quiet: bool) -> Callable[[Outcome], None]:
    import sys
    import time

    start = time.monotonic()

    def show(outcome: Outcome) -> None:
        if not quiet and sys.stderr.isatty():
            rate = outcome.rows / max(time.monotonic() - start, 0.001)
            click.echo(
                f"\r{policy.name}: {outcome.rows} rows, {outcome.batches} batches, {rate:.0f} rows/s",
                err=True,
                nl=False,
            )

    return show


def _say(result: dict[str, Any]) -> None:
    if result["trouble"]:
        click.echo(result["trouble"], err=True)
    elif result["busy"]:
        click.echo(f"{result['policy']}: another archiver is at work")
    else:
        held = f"; {result['why']}" if result.get("why") else ""
        click.echo(
            f"{result['policy']}: {result['rows']} archived in {result['batches']} batches,"
            f" {result['purged']} purged, {result['quarantined']} quarantined{held}"
        )
