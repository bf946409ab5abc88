"""`candlehouse migrate`."""

from __future__ import annotations

import click


@click.command()
@click.option("--plan", "only_plan", is_flag=True, help="Show what would be applied, change nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the files as JSON.")
def migrate(only_plan: bool, as_json: bool) -> None:
    """Apply pending SQL files to PostgreSQL and ClickHouse. A second call is a no-op.

    With --plan, exit 0 means that applying would work; an edited applied file is an error.

    \b
    Examples:
      candlehouse migrate --plan
      candlehouse migrate
    """
    import json

    from dagster_project import migrations
    from dagster_project.commands.running import require_answers
    from dagster_project.settings import load_settings

    settings = load_settings()
    require_answers(settings, "postgres", "clickhouse")
    steps = migrations.plan(settings) if only_plan else migrations.apply(settings)
    rows = [
        {"file": step.name, "revision": step.revision, "state": step.state if only_plan else "applied"}
        for step in steps
    ]
    if as_json:
        click.echo(json.dumps(rows))
    else:
        for row in rows:
            click.echo(f"{row['state']:8}  {row['file']}")
        if not only_plan:
            click.echo(f"{len(rows)} files applied" if rows else "nothing to do")
    broken = [step.name for step in steps if only_plan and step.state in ("edited", "unknown")]
    if broken:
        raise click.ClickException(f"{', '.join(broken)}: applied before and changed since: restore the file")
