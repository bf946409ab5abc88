"""`candlehouse dump`."""

from __future__ import annotations

import click


@click.command()
@click.option("--drill", is_flag=True, help="Then restore it into a scratch database, compare, and drop that.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def dump(drill: bool, as_json: bool) -> None:
    """Dump PostgreSQL into the cold store, with the rows and hash of every table in the same snapshot.

    It holds credentials of users, encrypted as the applications wrote them: keep the store private.

    \b
    Example: candlehouse dump --drill
    """
    import json

    from dagster_project.commands.running import require_answers
    from dagster_project.lib.cold import dumps
    from dagster_project.lib.cold.store import open_store
    from dagster_project.settings import load_settings
    from dagster_project.stack.pg_programs import pg_program

    settings = load_settings()
    require_answers(settings, "postgres")
    store = open_store(settings.cold_url)
    done = dumps.dump(settings.postgres_url, store, pg_program, settings.collect.cold.keep_dumps)
    told = {"dump": done.id, "path": done.path, "bytes": done.bytes, "rows": done.rows, "tables": len(done.tables)}
    line = f"dump {done.id}: {done.path}, {done.rows} rows of {len(done.tables)} tables, {done.bytes} bytes"
    if drill:
        tried = dumps.drill_dump(settings.postgres_url, store, pg_program)
        if tried is None or not tried.passed:
            raise dumps.DumpFailed(tried.reason or "failed" if tried else "there is no dump")
        told["drilled"] = True
        line += "; it came back equal"
    click.echo(json.dumps(told) if as_json else line)
