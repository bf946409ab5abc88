"""`candlehouse docs`: the dbt docs site of both warehouses."""

from __future__ import annotations

import functools
import html
import http.server
import os
import shutil
import subprocess
import sys
from pathlib import Path

import click

from dagster_project.settings import PROJECT_ROOT, load_settings

ENGINES = ("postgres", "clickhouse")
DBT_PROJECT = PROJECT_ROOT / "dbt_project"


@click.command()
@click.option("--no-serve", is_flag=True, help="Write the site and return.")
@click.option("--port", type=int, help="Loopback port; 0 takes a free one. Default: docs_port of candlehouse.toml.")
def docs(no_serve: bool, port: int | None) -> None:
    """Write the dbt docs site (models, columns, lineage) for both warehouses and serve it on loopback.

    Reads the catalogs of the running databases: start them with `candlehouse up --detach`. Assets of dbt in the Dagster
    UI link to their page here (metadata `dbt_docs`), or at CANDLEHOUSE_DOCS_URL where you publish the site.

    \b
    Example: candlehouse docs --port 8081
    """
    settings = load_settings()
    site = settings.home / "docs"
    environment = {**os.environ, **settings.process_environment()}
    for engine in ENGINES:
        click.echo(f"dbt docs for {engine}")
        _generate(engine, site / engine, environment)
    links = "".join(f'<li><a href="{engine}/">{html.escape(engine)}</a></li>' for engine in ENGINES)
    (site / "index.html").write_text(
        f'<!doctype html><meta charset="utf-8"><title>Candlehouse dbt docs</title><h1>dbt docs</h1><ul>{links}</ul>\n'
    )
    click.echo(f"written to {site}")
    if not no_serve:
        _serve(site, settings.configured_port("docs") if port is None else port)


def _generate(engine: str, folder: Path, environment: dict[str, str]) -> None:
    """One self-contained index.html, written beside and moved in when it is whole."""
    target = folder.with_name(f".{engine}")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "dbt.cli.main", "--quiet", "--no-use-colors", "docs", "generate", "--static"),
            *("--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT), "--target", engine),
            *("--target-path", str(target), "--log-path", str(target)),
        ],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        lines = [line.strip() for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        raise click.ClickException(
            f"dbt docs for {engine} failed ({' '.join(lines[-2:])[:300]}): is the stack up? `candlehouse up --detach`"
        )
    folder.mkdir(parents=True, exist_ok=True)
    shutil.move(target / "static_index.html", folder / "index.html")


def _serve(site: Path, port: int) -> None:
    handler = functools.partial(_Quiet, directory=str(site))
    try:
        server = http.server.ThreadingHTTPServer(("127.0.0.1", port), handler)
    except OSError as error:
        raise click.ClickException(f"port {port} cannot be used ({error.strerror}): choose another --port") from None
    with server:
        click.echo(f"serving http://127.0.0.1:{server.server_address[1]}/ until Ctrl-C")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            click.echo("stopped")


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """No line per request."""
