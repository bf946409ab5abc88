"""`candlehouse freshness`: how old the newest row of each source of the boards is."""

from __future__ import annotations

import click


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the rows as JSON.")
def freshness(as_json: bool) -> None:
    """Say for both warehouses how old the newest row of each source of the boards is (dbt source freshness).

    Exit code 1 when one is too old, empty, or ahead of the database's clock. The limits are in dbt_project/models.

    \b
    Examples:
      candlehouse freshness
      candlehouse freshness --json | python -m json.tool
    """
    import json

    from dagster_project.commands.running import require_answers
    from dagster_project.defs.transform.ask_freshness import ask, excuse
    from dagster_project.defs.transform.command import DbtFailed
    from dagster_project.defs.transform.prepare import ENGINES
    from dagster_project.settings import load_settings

    settings = load_settings()
    require_answers(settings, "postgres", "clickhouse")
    rows = []
    for engine in ENGINES:
        if not as_json:
            click.echo(f"asking {engine}", err=True)
        try:
            found = ask(engine, settings)
        except DbtFailed as failed:
            raise click.ClickException(str(failed)) from None
        rows += [
            {
                "engine": engine,
                "table": one.table,
                "newest": one.newest.isoformat() if one.newest else None,
                "age_seconds": None if one.age is None else one.age.total_seconds(),
                "limit_seconds": one.limit.total_seconds() if one.limit else None,
                "trouble": None if excuse(one, settings) else one.trouble,
                "note": excuse(one, settings),
            }
            for one in found
        ]
    if as_json:
        click.echo(json.dumps(rows))
    else:
        _show(rows)
    if any(row["trouble"] for row in rows):
        raise click.exceptions.Exit(1)


def _show(rows: list[dict]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE, pad_edge=False)
    for heading in ("source", "warehouse", "newest row (UTC)"):
        table.add_column(heading, no_wrap=True)
    table.add_column("verdict", overflow="fold")
    for row in sorted(rows, key=lambda row: (row["table"], row["engine"])):
        newest = row["newest"][:19].replace("T", " ") if row["newest"] else "none"
        verdict = (
            Text(row["trouble"], style="yellow") if row["trouble"] else Text(row["note"] or "fresh", style="green")
        )
        table.add_row(row["table"], row["engine"], newest, verdict)
    Console(soft_wrap=True).print(table)
