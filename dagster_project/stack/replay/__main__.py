"""`candlehouse replay DIR`, or `python -m dagster_project.stack.replay DIR`: serve a folder of recorded candles."""

from __future__ import annotations

from dataclasses import fields

import click

from .faults import Faults
from .files import NoCandles
from .report import announce, show
from .serve import base_url, listen_or_say, serve
from .venue import ReplayVenue
from .weights import Weights

FAULTS = ", ".join(field.name for field in fields(Faults))


@click.command(
    help=f"""Serve the candle files below DIR as a Binance-spot-shaped venue until Ctrl-C.

\b
Example: candlehouse replay ../shared/data --port 18080 --fault holes=0.01 --fault open_last

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
        listener = listen_or_say(host, port)
    except (NoCandles, ValueError) as problem:
        raise click.ClickException(str(problem)) from problem
    show(venue.dataset)
    announce(venue, base_url(listener))
    serve(venue, listener=listener)


if __name__ == "__main__":
    main()
