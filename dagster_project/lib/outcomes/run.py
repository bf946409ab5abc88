"""Brings the outcomes of all decisions up to date. It may be killed at any instruction: the next run ends the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dagster_project.lib.outcomes.method import METHOD, Method

if TYPE_CHECKING:
    import psycopg
    from clickhouse_connect.driver.client import Client

LOCK = 7_715_001  # advisory lock of the one scorer


@dataclass
class Done:
    """Decisions that a run looked at, by the state they are in now. `busy`: another run is at it, nothing was done."""

    states: dict[str, int] = field(default_factory=dict)
    batches: int = 0
    busy: bool = False

    @property
    def decisions(self) -> int:
        """How many were looked at."""
        return sum(self.states.values())


def bring_up_to_date(
    connection: psycopg.Connection,
    client: Client,
    method: Method = METHOD,
    on_batch: Callable[[Done], None] = lambda done: None,
) -> Done:
    """Queues what is due and scores it, batch by batch, each in a transaction of its own.

    Args:
        connection: in autocommit.
        on_batch: called after each batch was committed.
    """
    from dagster_project.lib.outcomes.batch import due, process
    from dagster_project.lib.outcomes.markets import markets
    from dagster_project.lib.outcomes.queue import queue_all

    done = Done()
    row = connection.execute("SELECT pg_try_advisory_lock(%s)", (LOCK,)).fetchone()
    if row is None or not row[0]:
        done.busy = True
        return done
    try:
        known = markets(client)
        queue_all(connection, client, known, method)
        for batch in due(connection):
            for state, count in process(connection, client, batch, known, method).items():
                done.states[state] = done.states.get(state, 0) + count
            done.batches += 1
            on_batch(done)
    finally:
        connection.execute("SELECT pg_advisory_unlock(%s)", (LOCK,))
    return done
