"""`candlehouse sql`: a question to one of the warehouses."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Literal, get_args

import click

if TYPE_CHECKING:
    import psycopg

    from dagster_project.settings import Settings

PostgresUser = Literal["readonly", "app", "ingest", "transform", "owner"]
Answer = tuple[list[str], list[list[Any]]]
ANSWER_SECONDS = 600


@click.command()
@click.argument("warehouse", type=click.Choice(["pg", "ch"]))
@click.argument("query")
@click.option("--json", "as_json", is_flag=True, help="Print an array of objects.")
@click.option("--write", is_flag=True, help="Allow changes; without it the query runs read-only.")
@click.option(
    "--as",
    "role",
    type=click.Choice([*get_args(PostgresUser)]),
    default="readonly",
    show_default=True,
    help="PostgreSQL only: the role that asks. owner may change tables and read everything.",
)
def sql(warehouse: str, query: str, as_json: bool, write: bool, role: PostgresUser) -> None:
    """Run QUERY on PostgreSQL (pg) or ClickHouse (ch) and print the rows. `-` reads the query from standard input.

    \b
    Examples:
      candlehouse sql pg "SELECT count(*) FROM trades"
      candlehouse sql pg --as app --write "UPDATE nof0.symbols SET ..."
      candlehouse sql ch --json "SELECT version()"
    """
    import json

    from dagster_project.commands.running import require_answers
    from dagster_project.settings import load_settings

    if warehouse == "ch" and role != "readonly":
        raise click.UsageError("--as is for pg: ClickHouse is asked as the user of its URL")
    if warehouse == "pg" and write and role == "readonly":
        raise click.UsageError("--write needs --as app, ingest, transform or owner: readonly writes nothing")
    settings = load_settings()
    text = sys.stdin.read() if query == "-" else query
    require_answers(settings, "postgres" if warehouse == "pg" else "clickhouse")
    answer = _postgres(settings, text, write, role) if warehouse == "pg" else _clickhouse(settings, text, write)
    if isinstance(answer, str):
        click.echo(answer, nl=False)
        return
    names, rows = answer
    if as_json:
        click.echo(json.dumps([dict(zip(names, row, strict=True)) for row in rows], default=str))
    elif names:
        _show(names, rows)
    else:
        click.echo("done")


def _postgres(settings: Settings, text: str, write: bool, role: PostgresUser) -> Answer:
    import psycopg

    try:
        with _connect(settings, role) as connection:
            connection.read_only = not write
            cursor = connection.execute(text.encode())
            if cursor.description is None:
                return [], []
            return [column.name for column in cursor.description], [list(row) for row in cursor.fetchall()]
    except psycopg.errors.ReadOnlySqlTransaction as error:
        who = " --as app, ingest, transform or owner" if role == "readonly" else ""
        raise click.ClickException(f"{_first_line(error)}: add --write{who} to change data") from None
    except psycopg.errors.InsufficientPrivilege as error:
        raise click.ClickException(f"PostgreSQL: {_first_line(error)} ({role}): choose another role by --as") from None
    except psycopg.Error as error:
        raise click.ClickException(f"PostgreSQL: {_first_line(error)}") from None


def _connect(settings: Settings, role: PostgresUser) -> psycopg.Connection:
    import psycopg

    if role == "owner":
        return psycopg.connect(settings.postgres_url)
    try:
        return psycopg.connect(settings.role_url(role))
    except psycopg.OperationalError as error:
        reason = f"PostgreSQL refuses candlehouse_{role} ({_first_line(error)})"
        raise click.ClickException(f"{reason}: `candlehouse migrate` makes the role and sets its password") from None


def _clickhouse(settings: Settings, text: str, write: bool) -> Answer | str:
    """Rows, or the raw text when the query names its own FORMAT."""
    from urllib.parse import unquote, urlsplit, urlunsplit

    import httpx

    parts = urlsplit(settings.clickhouse_url)
    answer = httpx.post(
        urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], path="/")),
        params={
            "database": parts.path.lstrip("/") or "default",
            "default_format": "JSONCompact",
            "output_format_json_quote_64bit_integers": "0",
            **({} if write else {"readonly": "2"}),
        },
        content=text.encode(),
        auth=(unquote(parts.username or "default"), unquote(parts.password or "")),
        timeout=ANSWER_SECONDS,
    )
    if answer.status_code != 200:
        hint = ": add --write to change data" if "(READONLY)" in answer.text else ""
        raise click.ClickException(f"ClickHouse: {_first_line(answer.text)}{hint}")
    if answer.headers.get("X-ClickHouse-Format", "JSONCompact") != "JSONCompact" or not answer.content.startswith(b"{"):
        return answer.text or "done\n"
    found = answer.json()
    return [column["name"] for column in found["meta"]], found["data"]


def _show(names: list[str], rows: list[list[Any]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*names)
    for row in rows:
        table.add_row(*(Text("∅" if value is None else str(value)) for value in row))
    Console(soft_wrap=True).print(table)
    click.echo(f"{len(rows)} row{'' if len(rows) == 1 else 's'}")


def _first_line(error: object) -> str:
    return (str(error).strip().splitlines() or ["no reason given"])[0][:400]
