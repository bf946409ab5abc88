"""One call of the cold engine in a process of its own, which a crash point may kill."""

from __future__ import annotations

import os
from datetime import datetime

import clickhouse_connect
import psycopg

from dagster_project.lib.cold import dumps, engine
from dagster_project.lib.cold.policies import ColdPolicy
from dagster_project.lib.cold.restore import restore
from dagster_project.lib.cold.store import open_store
from dagster_project.settings import load_settings
from dagster_project.stack.pg_programs import pg_program


def run(environment: dict[str, str], what: str, url: str, now: str) -> None:
    """`what` (dump, drill, apply, restore) with the cold store at `url`, as if it were `now`."""
    os.environ.update(environment)
    settings = load_settings()
    store = open_store(url)
    if what == "dump":
        dumps.dump(settings.postgres_url, store, pg_program, keep=3)
    elif what == "drill":
        dumps.drill_dump(settings.postgres_url, store, pg_program)
    else:
        policy = ColdPolicy("trades_history", "trades_history_versions", 1)
        with (
            psycopg.connect(settings.ingest_url, autocommit=True, options="-c timezone=UTC") as connection,
            clickhouse_connect.get_client(dsn=settings.clickhouse_url, autogenerate_session_id=False) as client,
        ):
            if what == "apply":
                engine.apply(policy, connection, client, store, datetime.fromisoformat(now))
            else:
                restore(policy, connection, client, store, 202401)
