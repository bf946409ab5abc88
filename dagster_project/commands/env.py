"""`candlehouse env`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from dagster_project.settings import Settings


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print an object instead of export lines.")
def env(as_json: bool) -> None:
    """Print the variables that applications, dbt, dagster and psql by hand need. The output contains passwords.

    DATABASE_URL and PG* are those of candlehouse_app, the role of trading applications; dbt's are its own.

    \b
    Examples:
      eval "$(candlehouse env)" && dbt build --project-dir dbt_project --target postgres
      eval "$(candlehouse env)" && psql
    """
    import json
    import shlex

    from dagster_project.settings import load_settings

    settings = load_settings()
    values = {**settings.process_environment(), **_client_variables(settings)}
    if as_json:
        click.echo(json.dumps(values))
        return
    for name, value in values.items():
        click.echo(f"export {name}={shlex.quote(value)}")


def _client_variables(settings: Settings) -> dict[str, str]:
    """What applications, psql, clickhouse-client and redis-cli read. Not CANDLEHOUSE_*_URL: `up` would take the stack
    for servers."""
    from urllib.parse import unquote, urlsplit

    ch, redis = (urlsplit(url) for url in (settings.clickhouse_url, settings.redis_url))
    return {
        **_application_variables(settings),
        "CLICKHOUSE_HOST": ch.hostname or "127.0.0.1",
        "CLICKHOUSE_USER": unquote(ch.username or "default"),
        "CLICKHOUSE_PASSWORD": unquote(ch.password or ""),
        "REDISCLI_AUTH": unquote(redis.password or ""),
    }


def _application_variables(settings: Settings) -> dict[str, str]:
    """Empty where candlehouse_app has no password: a server without applications needs none."""
    from urllib.parse import unquote, urlsplit

    if settings.role_password("app") is None:
        return {}
    pg = urlsplit(settings.app_url)
    return {
        "DATABASE_URL": settings.app_url,
        "PGHOST": pg.hostname or "127.0.0.1",
        "PGPORT": str(pg.port or 5432),
        "PGUSER": unquote(pg.username or ""),
        "PGPASSWORD": unquote(pg.password or ""),
        "PGDATABASE": pg.path.lstrip("/"),
    }
