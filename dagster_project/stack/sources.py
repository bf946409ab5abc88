"""Which venue the markets come from in this run: live, recorded files, or the sandbox; written to `sources.json`."""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from dagster_project.settings import Settings, Venue
from dagster_project.stack.errors import StackError
from dagster_project.stack.files import write_private
from dagster_project.stack.part import Part
from dagster_project.stack.ports import LOOPBACK

REACH_SECONDS = 3.0
# Recordings whose file name states no venue.
UNKNOWN_VENUE = "replay"
SANDBOX = "sandbox"


@dataclass(frozen=True)
class Sources:
    """What feeds this run: `kind` is live, replay or sandbox; `note` is a line for the person, or empty."""

    kind: str
    folder: Path | None = None
    note: str = ""


def choose_sources(settings: Settings) -> Sources:
    """What `CANDLEHOUSE_SOURCES` asks for; the sandbox when it asks for live venues and none can be reached."""
    folder = settings.replay_dir
    if folder is not None:
        return Sources("replay", folder)
    if settings.sources == SANDBOX:
        return Sources(SANDBOX)
    if any(_reachable(venue) for venue in settings.collect.venues):
        return Sources("live")
    names = ", ".join(venue.name for venue in settings.collect.venues)
    return Sources(
        SANDBOX,
        note=f"no network to {names}: candles come from the sandbox venue (simulated, exchange = 'sandbox');"
        " CANDLEHOUSE_SOURCES=replay:DIR uses recorded files",
    )


def write_sources(settings: Settings, sources: Sources, port: int) -> None:
    """Write the markets of `sources` to `<home>/sources.json`, or remove that file when the venues are live."""
    path = settings.home / "sources.json"
    if sources.kind == "live":
        path.unlink(missing_ok=True)
        return
    base_url = f"http://{LOOPBACK}:{port}"
    rows = _recorded(sources.folder, base_url) if sources.folder else _simulated(settings, base_url)
    write_private(path, json.dumps({"markets": list(rows)}, indent=1))


class VenuePart(Part):
    """The local venue: recorded files or the sandbox, shaped like Binance spot."""

    name = "venue"
    title = "Venue"
    priority = 40

    def __init__(self, settings: Settings, sources: Sources) -> None:
        super().__init__(settings.home, settings.port("venue"))
        self._settings = settings
        self._sources = sources

    def command(self) -> list[str]:
        """The replay or the sandbox server."""
        wanted = [word for symbol in _configured_symbols(self._settings) for word in ("--symbol", symbol)]
        program = ["replay", str(self._sources.folder)] if self._sources.folder else ["sandbox", *wanted]
        return [sys.executable, "-m", f"dagster_project.stack.{program[0]}", *program[1:], "--port", str(self.port)]

    def ready(self) -> bool:
        """Whether it answers Binance's ping."""
        import httpx

        try:
            answer = httpx.get(f"http://{LOOPBACK}:{self.port}/api/v3/ping", timeout=5, trust_env=False)
        except httpx.HTTPError:
            return False
        return answer.status_code == 200


def _recorded(folder: Path, base_url: str) -> Iterable[dict[str, Any]]:
    """The finest recording of each market: coarser timeframes are built from it."""
    from dagster_project.stack.replay import NoCandles, describe

    try:
        dataset = describe(folder)
    except NoCandles as error:
        raise StackError(f"CANDLEHOUSE_SOURCES: {error}") from None
    finest = {(market.base, market.quote): market.intervals[0] for market in dataset.markets}
    for recording in dataset.recordings:
        if finest[recording.base, recording.quote] == recording.timeframe:
            yield {
                "exchange": recording.venue or UNKNOWN_VENUE,
                "symbol": recording.symbol,
                "timeframe": recording.timeframe,
                "ccxt_id": "binance",
                "base_url": base_url,
                "first": recording.first.date().isoformat(),
                "last": recording.last.date().isoformat(),
            }


def _configured_symbols(settings: Settings) -> list[str]:
    return sorted({symbol for venue in settings.collect.venues for symbol in venue.symbols})


def _simulated(settings: Settings, base_url: str) -> Iterable[dict[str, Any]]:
    for symbol in _configured_symbols(settings):
        yield {
            "exchange": SANDBOX,
            "symbol": symbol,
            "timeframe": settings.collect.market.base_timeframe,
            "ccxt_id": "binance",
            "base_url": base_url,
            "first": None,
            "last": None,
        }


def _reachable(venue: Venue) -> bool:
    """Whether a TCP connection to the venue's API host opens in time."""
    address = urlsplit(venue_url(venue))
    port = address.port or (443 if address.scheme == "https" else 80)
    try:
        socket.create_connection((address.hostname or "", port), timeout=REACH_SECONDS).close()
    except OSError:
        return False
    return True


def venue_url(venue: Venue) -> str:
    """The address of the venue's public API: `base_url`, else what ccxt knows.

    Raises:
        StackError: ccxt does not know the venue.
    """
    if venue.base_url:
        return venue.base_url
    import ccxt

    if venue.ccxt_id not in ccxt.exchanges:
        raise StackError(
            f"candlehouse.toml: ccxt knows no exchange {venue.ccxt_id!r}: correct `ccxt` of venue {venue.name}"
        )
    found = getattr(ccxt, venue.ccxt_id)()
    return _first_url(found.urls["api"]).replace("{hostname}", getattr(found, "hostname", None) or "")


def _first_url(addresses: Any) -> str:
    """The address for public data among ccxt's, which nest differently per venue."""
    while isinstance(addresses, dict):
        addresses = (
            addresses.get("public") or addresses.get("rest") or addresses.get("spot") or next(iter(addresses.values()))
        )
    return str(addresses)
