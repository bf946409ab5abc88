"""What people see when a venue starts."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from .files import Dataset
from .venue import Venue

SKIPPED_SHOWN = 20
WIDTH = 120  # narrower terminals wrap: a file's path is worth more than straight columns


def show(dataset: Dataset) -> None:
    """Print what a folder holds: a table of markets, and the candle files that are not served with the reason."""
    from rich.console import Console
    from rich.table import Table

    console = Console()
    console.width = max(console.width, WIDTH)
    table = Table(title=str(dataset.folder), box=None, pad_edge=False)
    for column in ("symbol", "timeframe", "first (UTC)", "last (UTC)"):
        table.add_column(column, no_wrap=True)
    table.add_column("rows", justify="right", no_wrap=True)
    table.add_column("file", overflow="fold")
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


def announce(venue: Venue, url: str, name: str = "binance") -> None:
    """Print where the venue is and how a client reaches it; `name` is what its candles are stored under."""
    moment = datetime.fromtimestamp(venue.now() / 1000, UTC)
    market = venue.markets[0]
    ccxt_id = "" if name == "binance" else ', ccxt = "binance"'
    click.echo(f"venue time {moment:%Y-%m-%d %H:%M:%S} UTC")
    click.echo(f"serving {url}")
    click.echo(f"  curl '{url}/api/v3/klines?symbol={market.id}&interval={market.intervals[0]}&limit=3'")
    click.echo(f'  candlehouse.toml: [[venues]] name = "{name}"{ccxt_id}, base_url = "{url}"')
    click.echo("  python: ccxt.binance(ccxt_options('binance', base_url))  # dagster_project.lib.venue_urls")
