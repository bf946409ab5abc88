"""`candlehouse restore TABLE MONTH` and `candlehouse restore --dump ID --into DATABASE`."""

from __future__ import annotations

import click


@click.command()
@click.argument("table", required=False)
@click.argument("month", required=False, type=int, metavar="[YYYYMM]")
@click.option("--dry-run", is_flag=True, help="Check the file or the dump, and change nothing.")
@click.option("--dump", "dump_id", metavar="ID", help="Restore this dump of PostgreSQL; `latest` is the newest.")
@click.option("--into", metavar="DATABASE", help="The new database that takes the dump.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def restore(
    table: str | None, month: int | None, dry_run: bool, dump_id: str | None, into: str | None, as_json: bool
) -> None:
    """Bring a month back into ClickHouse, or a dump into a new database of PostgreSQL, compared row by row.

    A month that came back stays until `candlehouse cold apply TABLE --month YYYYMM`.

    \b
    Examples:
      candlehouse restore trades_history 202401 --dry-run
      candlehouse restore trades_history 202401
      candlehouse restore --dump latest --into candlehouse_yesterday
    """
    if dump_id is not None and table is None:
        if not into and not dry_run:
            raise click.UsageError("--dump needs --into DATABASE: the name of a new database")
        _dump(dump_id, into, dry_run, as_json)
    elif table is not None and month is not None and dump_id is None:
        _month(table, month, dry_run, as_json)
    else:
        raise click.UsageError("give TABLE and YYYYMM, or --dump ID --into DATABASE")


def _month(name: str, month: int, dry_run: bool, as_json: bool) -> None:
    import json

    from dagster_project.commands.cold import chosen, ready
    from dagster_project.lib.cold.files import check
    from dagster_project.lib.cold.restore import restorable
    from dagster_project.lib.cold.restore import restore as run
    from dagster_project.lib.cold.table import table as describe

    with ready() as (settings, connection, client, store):
        policy = chosen(settings, (name,))[0]
        if dry_run:
            described = describe(client, policy)
            file = restorable(connection, described.name, month)
            check(client, store, described, file)
            told = {"table": policy.table, "month": month, "rows": file.side.rows, "path": file.path, "dry_run": True}
            line = f"{file.path} is as proven: {file.side.rows} rows would come back"
        else:
            done = run(policy, connection, client, store, month)
            told = vars(done)
            line = f"{policy.table} {month}: {done.rows} rows " + (
                "were in ClickHouse already" if done.already else "are in ClickHouse again, compared with their file"
            )
    click.echo(json.dumps(told) if as_json else line)


def _dump(number: str, into: str | None, dry_run: bool, as_json: bool) -> None:
    import json

    from dagster_project.commands.running import require_answers
    from dagster_project.lib.cold.dumps import DumpFailed, restore_dump, stored
    from dagster_project.lib.cold.store import Written, checksum, open_store
    from dagster_project.settings import load_settings
    from dagster_project.stack.pg_programs import pg_program

    settings = load_settings()
    require_answers(settings, "postgres")
    store = open_store(settings.cold_url)
    known = stored(settings.postgres_url)
    found = [one for one in known if number == "latest" or str(one.id) == number][:1]
    if not found:
        there = ", ".join(str(one.id) for one in known) or "none"
        raise click.ClickException(f"there is no dump {number}: in the store are {there}")
    chosen = found[0]
    at = f"{chosen.snapshot_at:%Y-%m-%d %H:%M} UTC"
    if dry_run:
        if checksum(store, chosen.path) != Written(chosen.bytes, chosen.sha256):
            raise DumpFailed(f"{chosen.path}: its bytes are not those of its manifest")
        line = f"{chosen.path} is as written: {chosen.rows} rows of {at} would come back"
    else:
        restore_dump(settings.postgres_url, store, pg_program, chosen, str(into))
        line = f"{into}: {chosen.rows} rows of {at}, every table as it was"
    told = {"dump": chosen.id, "path": chosen.path, "rows": chosen.rows, "into": into, "dry_run": dry_run}
    click.echo(json.dumps(told) if as_json else line)
