"""The archiver that is killed: a process of its own that archives and purges closed trades without delays.

    python -m dagster_project.stack.theatre.archiver --batch-rows 300 --purge

Where the engines are comes from CANDLEHOUSE_POSTGRES_URL and CANDLEHOUSE_CLICKHOUSE_URL, where it dies from
CANDLEHOUSE_CRASH_AT. Prints what it did as one line of JSON. Exit code 1 with one line on stderr when an engine fails.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    import psycopg
    from clickhouse_connect.driver.client import Client

# A killed archiver's lock goes when PostgreSQL has noticed that its client is gone.
PATIENCE = 30.0
# Stands in for the mart that dbt builds: the purge takes only rows that are in it.
FACTS = "INSERT INTO analytics.trade_facts SELECT id FROM trades WHERE status = 'closed' ON CONFLICT DO NOTHING"


class _Result(Protocol):
    busy: bool


Result = TypeVar("Result", bound=_Result)


def main() -> None:
    """Makes so many rounds."""
    parser = argparse.ArgumentParser(prog="dagster_project.stack.theatre.archiver")
    parser.add_argument("--batch-rows", type=int, default=300)
    parser.add_argument("--block", type=int, default=16_384, help="bytes of one piece of the insert")
    parser.add_argument("--settle", type=float, default=0.0, help="seconds; negative: the clock of this host is ahead")
    parser.add_argument("--purge", action="store_true")
    parser.add_argument("--rounds", type=int, default=1, help="0: until nothing is left")
    options = parser.parse_args()

    import clickhouse_connect
    import psycopg

    try:
        with (
            psycopg.connect(
                os.environ["CANDLEHOUSE_POSTGRES_URL"],
                autocommit=True,
                connect_timeout=10,
                options="-c timezone=UTC",
            ) as connection,
            clickhouse_connect.get_client(
                dsn=os.environ["CANDLEHOUSE_CLICKHOUSE_URL"], autogenerate_session_id=False, send_receive_timeout=30
            ) as client,
        ):
            print(json.dumps(work(connection, client, options)))
    except Exception as error:
        first = (str(error).strip().splitlines() or [""])[0]
        sys.exit(f"{type(error).__name__}: {first[:300]}")


def work(connection: psycopg.Connection, client: Client, options: argparse.Namespace) -> dict[str, int]:
    """Archives and purges; the figures are sums over all rounds."""
    from dagster_project.lib.archive import snapshot
    from dagster_project.lib.archive.engine import archive
    from dagster_project.lib.archive.policies import policy
    from dagster_project.lib.archive.purge import purge

    # Batches of a theatre are small: pieces of 1 MiB would send each in one.
    snapshot.BLOCK = options.block
    trades = replace(
        policy("trades"),
        settle=timedelta(seconds=options.settle),
        grace=timedelta(0),
        batch_rows=options.batch_rows,
    )
    total = {"archived": 0, "purged": 0, "rounds": 0}
    while True:
        total["rounds"] += 1
        outcome = patiently(lambda: archive(trades, connection, client))
        total["archived"] += outcome.rows
        purged = 0
        if options.purge:
            connection.execute(FACTS)
            purged = patiently(lambda: purge(trades, connection)).rows
            total["purged"] += purged
        if total["rounds"] == options.rounds or not (options.rounds or outcome.rows or purged):
            return total


def patiently(call: Callable[[], Result]) -> Result:
    """Calls again while another process holds the policy."""
    deadline = time.monotonic() + PATIENCE
    while (result := call()).busy:
        if time.monotonic() > deadline:
            raise TimeoutError(f"another archiver holds the policy for {PATIENCE:.0f} s")
        time.sleep(0.05)
    return result


if __name__ == "__main__":
    main()
