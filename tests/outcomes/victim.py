"""A scorer that kills itself before (`-`) or after (`+`) the nth statement that it sends to PostgreSQL."""

from __future__ import annotations

import os
import signal
import sys

import psycopg

from dagster_project.lib.outcomes import batch
from dagster_project.lib.outcomes.run import bring_up_to_date
from dagster_project.resources.clickhouse import ClickHouseResource
from dagster_project.resources.postgres import PostgresResource
from tests.outcomes.conftest import QUICK


def main(when: str, nth: int, rows: int) -> None:
    """Runs with batches of `rows` decisions; prints how many statements there were if it lives to see the end."""
    batch.due.__defaults__ = (rows,)
    send, count = psycopg.Cursor.execute, 0

    def deadly(self: psycopg.Cursor, *args: object, **kwargs: object) -> psycopg.Cursor:
        nonlocal count
        count += 1
        if count == nth and when == "-":
            os.kill(os.getpid(), signal.SIGKILL)
        done = send(self, *args, **kwargs)  # type: ignore[arg-type]
        if count == nth and when == "+":
            os.kill(os.getpid(), signal.SIGKILL)
        return done

    with PostgresResource().connect(autocommit=True) as connection, ClickHouseResource().client() as client:
        psycopg.Cursor.execute = deadly  # type: ignore[method-assign]
        bring_up_to_date(connection, client, QUICK)
    print(count)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
