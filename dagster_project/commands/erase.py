"""`candlehouse erase plan | apply`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from dagster_project.lib.erasure.erase import Erasure, Stores
    from dagster_project.lib.erasure.plan import Plan
    from dagster_project.lib.erasure.subject import Subject

USER = click.option("--user", default=None, metavar="ID", help="A person: users.id and everything that belongs to it.")
POLICY = click.option("--policy", default=None, metavar="NAME", help="Table of the rows of --key, such as trades.")
KEYS = click.option("--key", "keys", multiple=True, metavar="ID", help="A single row of --policy; repeat for more.")
JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group()
def erase() -> None:
    """Delete a person's data, or single rows, from both databases and the cold files. There is no way back.

    \b
    Examples:
      candlehouse erase plan --user 7f0c4e1a
      candlehouse erase apply --user 7f0c4e1a --reason "ticket 4711"
      candlehouse erase apply --policy trades --key 0b3f6f6e --key 1c4a7d2b
    """


@erase.command("plan")
@USER
@POLICY
@KEYS
@JSON
def show(user: str | None, policy: str | None, keys: tuple[str, ...], as_json: bool) -> None:
    """Show per table and store how many rows would go. Changes nothing.

    \b
    Example: candlehouse erase plan --user 7f0c4e1a
    """
    import json

    from dagster_project.lib.erasure.erase import look

    with _stores() as stores:
        planned = look(stores, _subject(user, policy, keys))
    if as_json:
        click.echo(json.dumps(_plan_as_json(planned)))
        return
    for store, relation, rows in planned.lines():
        click.echo(f"{store:10}  {relation:45}  {rows:>10} rows")
    if planned.person.agents:
        click.echo(f"agents that go too, because nobody else runs them: {', '.join(planned.person.agents)}")
    if planned.person.shared:
        click.echo(f"agents that stay, because others run them as well: {', '.join(planned.person.shared)}")
    if planned.is_empty:
        click.echo(f"{planned.subject}: no store holds anything")


@erase.command()
@USER
@POLICY
@KEYS
@click.option("--reason", default=None, help="Kept with the request, such as the number of a ticket.")
@click.option("--no-wait", is_flag=True, help="Do not wait until ClickHouse has deleted old files (8 minutes).")
@JSON
def apply(
    user: str | None, policy: str | None, keys: tuple[str, ...], reason: str | None, no_wait: bool, as_json: bool
) -> None:
    """Erase. A second call finds nothing; after a kill, the same call or one that names nobody goes on.

    Exit 0 only when no store holds a row any more.

    \b
    Example: candlehouse erase apply --user 7f0c4e1a --reason "ticket 4711"
    """
    import json

    from dagster_project.lib.erasure.erase import erase as run
    from dagster_project.lib.erasure.erase import unfinished

    done: list[Erasure] = []
    with _stores(wait=not no_wait) as stores:
        subjects = unfinished(stores.connection) if _nobody(user, policy, keys) else [_subject(user, policy, keys)]
        for subject in subjects:
            done.append(run(stores, subject, reason=reason, say=lambda line: click.echo(f"  {line}", err=True)))
    if as_json:
        click.echo(json.dumps([_as_json(erasure) for erasure in done]))
        return
    for erasure in done:
        for (store, relation), rows in erasure.rows.items():
            click.echo(f"{store:10}  {relation:45}  {rows:>10} rows")
        went = f"erased ({erasure.id})" if erasure.id else "no store held anything"
        click.echo(f"{erasure.subject}: {went}")
    if not done:
        click.echo("no request was interrupted")


def _nobody(user: str | None, policy: str | None, keys: tuple[str, ...]) -> bool:
    return user is None and policy is None and not keys


def _subject(user: str | None, policy: str | None, keys: tuple[str, ...]) -> Subject:
    from dagster_project.lib.archive.policies import UnknownPolicy
    from dagster_project.lib.erasure.subject import Subject

    if user and policy is None and not keys:
        return Subject.of_user(user)
    if user is not None or not policy or not keys:
        raise click.UsageError("give --user ID, or --policy NAME with --key ID")
    try:
        return Subject.of_rows(policy, keys)
    except UnknownPolicy as error:
        raise click.ClickException(str(error)) from None


@contextmanager
def _stores(wait: bool = True) -> Iterator[Stores]:
    from dagster_project.commands.running import require_answers
    from dagster_project.lib.archive.engines import both
    from dagster_project.lib.cold.erase import ColdFiles
    from dagster_project.lib.cold.store import open_store
    from dagster_project.lib.erasure.erase import Stores
    from dagster_project.settings import ANALYTICS, load_settings

    settings = load_settings()
    require_answers(settings, "postgres", "clickhouse")
    store = open_store(settings.cold_url)
    with both(settings, owner=True) as (connection, client):
        cold = ColdFiles(connection, client, store)
        yield Stores(connection, client, ANALYTICS, settings.clickhouse_analytics, cold, wait)


def _plan_as_json(planned: Plan) -> dict[str, Any]:
    return {
        "subject": planned.subject.as_json(),
        "empty": planned.is_empty,
        "agents": list(planned.person.agents),
        "shared_agents": list(planned.person.shared),
        "rows": [{"store": store, "relation": relation, "rows": rows} for store, relation, rows in planned.lines()],
    }


def _as_json(erasure: Erasure) -> dict[str, Any]:
    return {
        "subject": erasure.subject.as_json(),
        "erasure": str(erasure.id) if erasure.id else None,
        "resumed": erasure.resumed,
        "rows": [
            {"store": store, "relation": relation, "rows": rows} for (store, relation), rows in erasure.rows.items()
        ],
    }
