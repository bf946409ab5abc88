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
    """Connections to the canonical PostgreSQL database as candlehouse_ingest: assets write rows, and make nothing else.

    The password comes from the environment, never from run config.
    """

    application_name: str = "candlehouse"

    @contextmanager
    def connect(self, *, autocommit: bool = False) -> Iterator[psycopg.Connection]:
        """A psycopg 3 connection in UTC; commits on success, rolls back on an error.

        Args:
            autocommit: each statement is its own transaction.

        Raises:
            dagster.Failure: the server does not answer, or does not take the password.
        """
        import psycopg

        try:
            connection = psycopg.connect(
                load_settings().ingest_url,
                autocommit=autocommit,
                application_name=self.application_name,
                options="-c timezone=UTC",
                connect_timeout=10,
            )
        except psycopg.OperationalError as error:
            reason = str(error).strip().splitlines()[0]
            if "authentication failed" in reason or "not permitted to log in" in reason:
                raise dg.Failure(
                    f"PostgreSQL refuses candlehouse_ingest ({reason}): `candlehouse migrate` gives it the password of"
                    " CANDLEHOUSE_INGEST_PASSWORD",
                    allow_retries=False,
                ) from None
            raise dg.Failure(f"PostgreSQL does not answer ({reason}): start it with `candlehouse up`") from None
        with connection:
            yield connection
