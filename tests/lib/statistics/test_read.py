"""The sums that statistics start from, read from a real ClickHouse."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from typing import Any

import clickhouse_connect
import pytest
from clickhouse_connect.driver.exceptions import DatabaseError

from dagster_project.lib.statistics.read import agents_of_boards, versions_of_agents

DAY = date(2025, 10, 20)


@pytest.fixture(scope="module")
def client(stack: Any) -> Iterator[Any]:
    with clickhouse_connect.get_client(dsn=stack.clickhouse_url, autogenerate_session_id=False) as opened:
        yield opened


@pytest.fixture
def marts(client: Any) -> Iterator[str]:
    name = f"read_{secrets.token_hex(4)}"
    client.command(f"CREATE DATABASE {name}")
    client.command(
        f"CREATE TABLE {name}.prompt_days (exchange String, origin_group String, agent_id String,"
        " prompt_version String, symbol String, day Date32, returns Int64, return_sum Nullable(Decimal(76, 36)))"
        " ENGINE = MergeTree ORDER BY ()"
    )
    yield name
    client.command(f"DROP DATABASE {name}")


def store(client: Any, marts: str, *sums: str) -> None:
    values = ", ".join(
        f"('x', 'real', 'a', 'v{place}', 'BTC', '{DAY}', 1, toDecimal256('{value}', 36))"
        for place, value in enumerate(sums)
    )
    client.command(f"INSERT INTO {marts}.prompt_days VALUES {values}")


def test_sums_of_agents_are_exact_and_the_nearest_double(client: Any, marts: str) -> None:
    # Doubles would lose the small one beside the large ones, whatever the order.
    values = ("100000000000000000000", "0.000000000123456789012345678901", "-100000000000000000000")
    store(client, marts, *values)
    for by_market in (True, False):
        [(family, [one])] = list(agents_of_boards(client, marts, by_market=by_market))
        assert family == ("x", "real")
        assert one.total == float(sum(map(Fraction, values)))
        assert one.count == 3


def test_a_sum_of_one_version_is_the_nearest_double(client: Any, marts: str) -> None:
    values = [f"0.{digits}" for digits in ("1", "3", "123456789012345678901234567890123456", "7" * 36, "05")]
    store(client, marts, *values)
    [(_, sums)] = list(versions_of_agents(client, marts))
    assert [one.total for one in sums] == [float(Fraction(value)) for value in values]


def test_a_sum_that_would_wrap_around_is_refused(client: Any, marts: str) -> None:
    store(client, marts, *["4" + "0" * 39] * 2)
    with pytest.raises(DatabaseError, match="does not fit"):
        list(agents_of_boards(client, marts, by_market=False))
