"""`python -m dagster_project.stack.sandbox`: serve made-up candles."""

from __future__ import annotations

import click

from ..replay.faults import Faults
from ..replay.report import announce
from ..replay.serve import base_url, listen_or_say, serve
from ..replay.weights import Weights
from .trades import SANDBOX_SYMBOLS
from .venue import SandboxVenue


@click.command(
    help="""Serve made-up candles as a Binance-spot-shaped venue until Ctrl-C.

\b
Example: python -m dagster_project.stack.sandbox --port 18080 --symbol BTC/USDT --symbol ETH/USDT"""
)
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=0, show_default="a free one")
@click.option("--symbol", "symbols", multiple=True, default=SANDBOX_SYMBOLS, show_default=True)
@click.option("--seed", default=0, show_default=True)
@click.option("--fault", "faults", multiple=True, metavar="NAME[=VALUE]", help="Something that goes wrong; repeatable.")
@click.option("--now", default="real", show_default=True, metavar="real|ISO", help="The venue's clock.")
@click.option("--weight-limit", default=6_000, show_default=True, help="Request weight per minute; 0 for no limit.")
def main(
    host: str, port: int, symbols: tuple[str, ...], seed: int, faults: tuple[str, ...], now: str, weight_limit: int
) -> None:
    try:
        venue = SandboxVenue(symbols, seed, Faults.parse(faults), now, Weights(limit=weight_limit))
        listener = listen_or_say(host, port)
    except ValueError as problem:
        raise click.ClickException(str(problem)) from problem
    click.echo(f"sandbox: every price is made up (seed {seed})")
    announce(venue, base_url(listener), "sandbox")
    serve(venue, listener=listener)


if __name__ == "__main__":
    main()
