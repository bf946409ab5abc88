"""Errors of cold files whose message is one line for a person."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class NotProven(Exception):
    """A file does not hold what it should. Nothing was dropped."""


class Damaged(NotProven):
    """A file of the ledger is missing from the store, or is not what was written there."""


class Unreadable(NotProven):
    """ClickHouse cannot read a file, or rows that should be compared."""


@contextmanager
def readable() -> Iterator[None]:
    """Turns what ClickHouse says about a query that reads files into one line.

    Raises:
        Unreadable: instead of clickhouse_connect's DatabaseError.
    """
    from clickhouse_connect.driver.exceptions import DatabaseError

    try:
        yield
    except DatabaseError as error:
        raise Unreadable(f"ClickHouse: {(str(error).strip().splitlines() or ['no reason'])[0][:300]}") from error
