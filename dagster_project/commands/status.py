"""`candlehouse status`."""

from __future__ import annotations

import click


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the rows as JSON.")
def status(as_json: bool) -> None:
    """Show each part. Exit 0 when all of them run and answer, 1 otherwise.

    \b
    Examples:
      candlehouse status
      candlehouse status --json | python -m json.tool
    """
    import json

    from dagster_project.settings import load_settings
    from dagster_project.stack.lifecycle import Stack, as_rows

    stack = Stack(load_settings())
    running = stack.is_running() or not stack.settings.environment.may_embed
    rows = stack.status()
    healthy = running and bool(rows) and all(row.healthy for row in rows)
    if as_json:
        click.echo(json.dumps({"running": running, "healthy": healthy, "parts": as_rows(rows)}))
    elif rows:
        _show(rows)
    if not running and not as_json:
        click.echo(f"no stack runs in {stack.home}: `candlehouse up` starts it", err=True)
    if not healthy:
        raise click.exceptions.Exit(1)


def _show(rows: list) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("part", "state", "answers", "pid", "up")
    table.add_column("address", overflow="fold")
    for row in rows:
        up_for = f"{row.uptime_seconds} s" if row.pid else ""
        table.add_row(row.part, row.state, "yes" if row.healthy else "no", str(row.pid or ""), up_for, row.url)
    Console(soft_wrap=True).print(table)
