"""`candlehouse docs`: the dbt docs site of both warehouses."""

from __future__ import annotations

import functools
import html
import http.server
import shutil
from collections.abc import Callable
from pathlib import Path

import click

from dagster_project.defs.transform.prepare import DBT_PROJECT, ENGINES, DbtFailed, Engine
from dagster_project.settings import Settings, load_settings
from dagster_project.stack.docs_site import DocsSite, site_folder
from dagster_project.stack.ports import LOOPBACK


@click.command()
@click.option("--no-serve", is_flag=True, help="Write the site and return.")
@click.option("--port", type=int, help="Serve here, on this loopback port, until Ctrl-C; 0: a free one.")
def docs(no_serve: bool, port: int | None) -> None:
    """Write the dbt docs site (models, columns, lineage) for both warehouses anew.

    The running stack serves it on loopback (docs_port of candlehouse.toml); without one it is served here until Ctrl-C.
    Reads the catalogs of the running databases: start them with `candlehouse up --detach`. Assets of dbt in the Dagster
    UI link to their page (metadata `dbt_docs`), or to CANDLEHOUSE_DOCS_URL where you publish the site.

    \b
    Examples:
      candlehouse docs
      candlehouse docs --port 8081
    """
    from dagster_project.commands.running import require_answers

    settings = load_settings()
    require_answers(settings, "postgres", "clickhouse")
    write_site(settings, click.echo)
    if no_serve:
        return
    if port is None and DocsSite(settings).ready():
        click.echo(f"served by the stack: http://{LOOPBACK}:{settings.port('docs')}/")
    else:
        _serve(site_folder(settings.home), settings.configured_port("docs") if port is None else port)


def is_written(settings: Settings) -> bool:
    """Whether the site of both warehouses was ever written."""
    return all((site_folder(settings.home) / engine / "index.html").exists() for engine in ENGINES)


def write_site(settings: Settings, say: Callable[[str], None]) -> None:
    """Writes the pages of both warehouses.

    Raises:
        click.ClickException: dbt cannot; the message is one line. The pages of before stay.
    """
    site = site_folder(settings.home)
    say(f"dbt docs for {' and '.join(ENGINES)}")
    for engine in ENGINES:
        _generate(engine, site / engine, settings)
    links = "".join(f'<li><a href="{engine}/">{html.escape(engine)}</a></li>' for engine in ENGINES)
    (site / "index.html").write_text(
        f'<!doctype html><meta charset="utf-8"><title>Candlehouse dbt docs</title><h1>dbt docs</h1><ul>{links}</ul>\n'
    )
    say(f"written to {site}")


def _generate(engine: Engine, folder: Path, settings: Settings) -> None:
    """One self-contained index.html, written beside and moved in when it is whole."""
    from dagster_project.defs.transform import command
    from dagster_project.defs.transform.parsed import parsed

    target = folder.with_name(f".{engine}")
    environment = settings.dbt_environment()
    arguments = [
        *("docs", "generate", "--static", "--quiet", "--no-use-colors", "--target", engine),
        *("--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT)),
        *("--target-path", str(target), "--log-path", str(target)),
    ]
    try:
        list(command.run(arguments, environment, parsed(engine, environment)))
    except (command.DbtFailed, DbtFailed) as failed:
        raise click.ClickException(
            f"docs for {engine} failed ({str(failed)[:300]}): is the stack up? `candlehouse up --detach`"
        ) from None
    folder.mkdir(parents=True, exist_ok=True)
    shutil.move(target / "static_index.html", folder / "index.html")


def _serve(site: Path, port: int) -> None:
    handler = functools.partial(_Quiet, directory=str(site))
    try:
        server = http.server.ThreadingHTTPServer((LOOPBACK, port), handler)
    except OSError as error:
        raise click.ClickException(f"port {port} cannot be used ({error.strerror}): choose another --port") from None
    with server:
        click.echo(f"serving http://{LOOPBACK}:{server.server_address[1]}/ until Ctrl-C")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            click.echo("stopped")


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """No line per request."""
