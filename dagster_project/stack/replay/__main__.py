"""`python -m dagster_project.stack.replay DIR`: serve a folder of recorded candles."""

from __future__ import annotations

from dataclasses import fields

import click

from .faults import Faults
from .files import Dataset, NoCandles
from .serve import base_url, listen, serve
from .venue import ReplayVenue, Venue
from .weights import Weights

FAULTS = ", ".join(field.name for field in fields(Faults))
SKIPPED_SHOWN = 20


@click.command(
    help=f"""Serve the candle files below DIR as a Binance-spot-shaped venue until Ctrl-C.

\b
Example: python -m dagster_project.stack.replay ../shared/data --port 18080 --fault holes=0.01 --fault open_last

Faults: {FAULTS}. Shares are 0..1; switches take no value."""
)
@click.argument("folder", metavar="DIR")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=0, show_default="a free one")
@click.option("--fault", "faults", multiple=True, metavar="NAME[=VALUE]", help="Something that goes wrong; repeatable.")
@click.option("--now", default="end", show_default=True, metavar="end|real|ISO", help="The venue's clock.")
@click.option("--only", metavar="GLOB", help="Only files whose name or path below DIR matches, e.g. 'okx_*'.")
@click.option("--weight-limit", default=6_000, show_default=True, help="Request weight per minute; 0 for no limit.")
@click.option("--resample/--no-resample", default=True, show_default=True, help="Also offer higher intervals.")
def main(
    folder: str, host: str, port: int, faults: tuple[str, ...], now: str, only: str | None, weight_limit: int,
    resample: bool,
) -> None:  # fmt: skip
    try:
        venue = ReplayVenue(folder, Faults.parse(faults), now, Weights(limit=weight_limit), resample, only)
    except (NoCandles, ValueError) as problem:
        raise click.ClickException(str(problem)) from problem
    try:
        listener = listen(host, port)
    except OSError as problem:
        raise click.ClickException(
            f"port {port} on {host} cannot be used ({problem.strerror}); give --port"
        ) from problem
    show(venue.dataset)
    announce(venue, base_url(listener))
    serve(venue, listener=listener)


def show(dataset: Dataset) -> None:
    """Print what a folder holds: a table of markets, and the candle files that are not served with the reason."""
    from rich.console import Console
    from rich.table import Table

    console = Console()
    table = Table("symbol", "timeframe", "first (UTC)", "last (UTC)", "rows", "file", title=str(dataset.folder))
    for recording in dataset.recordings:
        name = recording.files[0].relative_to(dataset.folder).as_posix()
        more = f" and {len(recording.files) - 1} more" if len(recording.files) > 1 else ""
        first, last = (moment.strftime("%Y-%m-%d %H:%M") for moment in (recording.first, recording.last))
        table.add_row(recording.symbol, recording.timeframe, first, last, f"{recording.rows:,}", name + more)
    console.print(table)
    for skip in dataset.skipped[:SKIPPED_SHOWN]:
        name = skip.path.relative_to(dataset.folder).as_posix()
        console.print(f"skipped {name}: {skip.reason}", style="dim", highlight=False, soft_wrap=True, markup=False)
    if (hidden := len(dataset.skipped) - SKIPPED_SHOWN) > 0:
        console.print(f"... and {hidden} more candle files skipped", style="dim")
    if dataset.others:
        console.print(f"{dataset.others} other files are not named like candles", style="dim")


def announce(venue: Venue, url: str) -> None:
    """Print where the venue is and how a client reaches it."""
    from datetime import UTC, datetime

    moment = datetime.fromtimestamp(venue.now() / 1000, UTC)
    market = venue.markets[0]
    click.echo(f"venue time {moment:%Y-%m-%d %H:%M:%S} UTC")
    click.echo(f"serving {url}")
    click.echo(f"  curl '{url}/api/v3/klines?symbol={market.id}&interval={market.intervals[0]}&limit=3'")
    click.echo(f'  candlehouse.toml: [[venues]] name = "binance", base_url = "{url}"')
    click.echo("  python: ccxt.binance(ccxt_options('binance', base_url))  # dagster_project.lib.venue_urls")


if __name__ == "__main__":
    main()
