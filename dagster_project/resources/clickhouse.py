"""ClickHouse as a Dagster resource, over its HTTP interface."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import dagster as dg

from dagster_project.settings import load_settings

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client


class ClickHouseResource(dg.ConfigurableResource):
    """Clients of ClickHouse. The URL comes from the environment, never from run config."""

    client_name: str = "candlehouse"

    @contextmanager
    def client(self) -> Iterator[Client]:
        """A clickhouse-connect client on the canonical database; closed afterwards.

        Raises:
            dagster.Failure: the server does not answer.
        """
        import clickhouse_connect
        from clickhouse_connect.driver.exceptions import OperationalError

        try:
            client = clickhouse_connect.get_client(
                dsn=load_settings().clickhouse_url,
                client_name=self.client_name,
                autogenerate_session_id=False,
                connect_timeout=10,
            )
        except OperationalError as error:
            reason = str(error).strip().splitlines()[0]
            raise dg.Failure(f"ClickHouse does not answer ({reason}): start it with `candlehouse up`") from None
        try:
            yield client
        finally:
            client.close()
