"""`candlehouse data-model`: the page docs/data-model.md from the catalogs of both databases."""

from __future__ import annotations

from pathlib import Path

import click

from dagster_project.settings import PROJECT_ROOT


@click.command()
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    default=PROJECT_ROOT / "docs" / "data-model.md",
    help="File to write.  [default: docs/data-model.md]",
)
def data_model(output: Path) -> None:
    """Write the page that describes every table of both databases, from their own comments.

    \b
    Example: candlehouse data-model
    """
    import clickhouse_connect
    import psycopg

    from dagster_project.commands.running import require_answers
    from dagster_project.lib.data_model import clickhouse_tables, page, postgres_tables
    from dagster_project.settings import load_settings

    settings = load_settings()
    require_answers(settings, "postgres", "clickhouse")
    with (
        psycopg.connect(settings.postgres_url) as connection,
        clickhouse_connect.get_client(dsn=settings.clickhouse_url) as client,
    ):
        try:
            text = page(postgres_tables(connection), clickhouse_tables(client))
        except KeyError as missing:
            raise click.ClickException(str(missing.args[0])) from None
    output.write_text(text)
    click.echo(f"wrote {output}")
