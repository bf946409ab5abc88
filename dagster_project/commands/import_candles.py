"""`candlehouse import candles`: what the folder holds, each recording landed, the account."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dagster_project.commands.import_ import database
from dagster_project.commands.import_report import progress, show_candles

if TYPE_CHECKING:
    from dagster_project.lib.candle_files.folder import Contents
    from dagster_project.lib.candles.dump import CandleTally
    from dagster_project.lib.trading_store import Mode


def run(
    folder: Path, exchange: str | None, renames: Mapping[str, str], only: str | None, mode: Mode, as_json: bool
) -> None:
    """Looks through the folder, lands what it holds and prints the account."""
    import ccxt

    from dagster_project.commands.running import require_answers
    from dagster_project.lib.candle_files.folder import look
    from dagster_project.settings import load_settings

    if not folder.is_dir():
        raise click.ClickException(f"{folder} is not a folder: give the one that holds the candle files")
    if exchange == "sandbox":
        raise click.ClickException("--exchange sandbox: recorded candles are real and never mix with generated ones")
    with progress(not as_json, f"looking through {folder}") as seen:
        contents = look(folder, ccxt.exchanges, exchange, renames, only, on_file=lambda path: seen(1))
    require_answers(load_settings(), "clickhouse")
    tallies = _land(contents, mode, as_json)
    faults = [
        f"{one.recording.symbol} {one.recording.timeframe}: {one.different} candles differ from what is stored"
        for one in tallies
        if mode.value == "compare" and one.different
    ]
    if not contents.recordings:
        first = f" (first: {contents.refused[0].path.name}: {contents.refused[0].reason})" if contents.refused else ""
        faults.append(
            f"no candle file in {folder} could be taken{first}: name files like BTC_USDT-5m.feather"
            " (json, json.gz, parquet, csv)"
        )
    if as_json:
        click.echo(json.dumps(_json(contents, tallies, mode, folder) | {"faults": faults}))
    else:
        show_candles(mode.value, tallies, contents.refused, contents.others, folder)
        for fault in faults:
            click.echo(f"Error: {fault}", err=True)
    if faults:
        raise click.exceptions.Exit(1)


def _land(contents: Contents, mode: Mode, as_json: bool) -> list[CandleTally]:
    import time

    import clickhouse_connect

    from dagster_project.lib.candles.dump import NotStored, import_recording
    from dagster_project.lib.candles.ledger import Ledger
    from dagster_project.lib.candles.store import CandleStore
    from dagster_project.lib.candles.windows import day_of
    from dagster_project.lib.trading_store import Mode
    from dagster_project.settings import load_settings

    now = int(time.time() * 1000)
    tallies = []
    client = clickhouse_connect.get_client(dsn=load_settings().clickhouse_url, autogenerate_session_id=False)
    try:
        with database() as connection:
            store, ledger = CandleStore(client), Ledger(connection)
            for recording in contents.recordings:
                what = f"{recording.exchange} {recording.symbol} {recording.timeframe}"
                with progress(not as_json, what, sum(file.rows for file in recording.files)) as advance:
                    tallies.append(import_recording(store, ledger, recording, now, mode, advance))
            if mode is Mode.LAND:
                store.roll_hours(day_of(now))
    except NotStored as error:
        raise click.ClickException(f"{error}: run the same import again") from None
    finally:
        client.close()
    return tallies


def _json(contents: Contents, tallies: list[CandleTally], mode: Mode, folder: Path) -> dict[str, Any]:
    return {
        "mode": mode.value,
        "recordings": [
            {
                "exchange": one.recording.exchange,
                "symbol": one.recording.symbol,
                "timeframe": one.recording.timeframe,
                "files": [file.path.relative_to(folder).as_posix() for file in one.recording.files],
                "read": one.read,
                "landed": one.landed,
                "updated": one.updated,
                "unchanged": one.unchanged,
                "kept": one.kept,
                "repeated": one.repeated,
                "quarantined": one.refused,
                "lacking": one.lacking,
                "days": one.days,
                "booked": one.booked,
                "reasons": [{"key": reject.key, "reason": reject.reason} for reject in one.rejects],
                "differences": one.differences,
            }
            for one in tallies
        ],
        "refused": {file.path.relative_to(folder).as_posix(): file.reason for file in contents.refused},
        "others": contents.others,
    }
