"""PostgreSQL as a Dagster resource."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import dagster as dg

from dagster_project.settings import load_settings

if TYPE_CHECKING:
    import psycopg


class PostgresResource(dg.ConfigurableResource):
    """Connections to the canonical PostgreSQL database. The URL comes from the environment, never from run config."""

    application_name: str = "candlehouse"

    @contextmanager
    def connect(self, *, autocommit: bool = False) -> Iterator[psycopg.Connection]:
        """A psycopg 3 connection in UTC; commits on success, rolls back on an error.

        Args:
            autocommit: each statement is its own transaction.

        Raises:
            dagster.Failure: the server does not answer.
        """
        import psycopg

        try:
            connection = psycopg.connect(
                load_settings().postgres_url,
                autocommit=autocommit,
                application_name=self.application_name,
                options="-c timezone=UTC",
                connect_timeout=10,
            )
        except psycopg.OperationalError as error:
            reason = str(error).strip().splitlines()[0]
            raise dg.Failure(f"PostgreSQL does not answer ({reason}): start it with `candlehouse up`") from None
        with connection:
            yield connection
