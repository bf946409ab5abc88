"""Tables that have a policy: random rows of every type go to a file, are read as one, and come back."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from dagster_project.lib.cold import engine, ledger
from dagster_project.lib.cold.figures import figures
from dagster_project.lib.cold.policies import UnknownTable, policies, policy
from dagster_project.lib.cold.restore import restore
from dagster_project.lib.cold.table import table

from .conftest import Cold


def quoted(kind: str) -> str:
    """A type as a literal of SQL."""
    return "'" + kind.replace("'", "\\'") + "'"


# Every type that a table has, and tables whose rows move between months as well as those whose do not.
TYPICAL = (
    "market_orderbook",
    "ml_features",
    "simulation_events",
    "onchain_transactions",
    "news_articles",
    "price_ticks",
    "trades_history",
)


def test_every_table_is_laid_out_as_files_need_it(bare: Cold) -> None:
    described = {name: table(bare.client, rule) for name, rule in policies().items()}
    kinds = {kind for one in described.values() for _, kind in one.columns}
    tried = {kind for name in TYPICAL for _, kind in described[name].columns}
    assert {kind.split("(")[0] for kind in kinds} == {kind.split("(")[0] for kind in tried}


@pytest.mark.parametrize("name", TYPICAL)
def test_every_type_survives_the_round_trip(bare: Cold, name: str) -> None:
    rule = policy(name, {name: 1})
    described = table(bare.client, rule)
    start = "toDateTime64('2024-01-15 00:00:00', 6, 'UTC') + toIntervalSecond(number * 7919)"
    columns = ", ".join(
        f"CAST({start}, {quoted(kind)}) AS `{column}`" if column == described.time else f"`{column}`"
        for column, kind in described.columns
    )
    shape = ", ".join(f"`{column}` {kind}" for column, kind in described.columns if column != described.time).replace(
        "'", "\\'"
    )
    # Constraints of a table say what a writer may send, which random rows do not know.
    bare.client.command(f"CREATE OR REPLACE TABLE cold_scratch_random AS {described.name}")
    for (constraint,) in bare.client.query(
        "SELECT extractAll(create_table_query, 'CONSTRAINT (\\\\w+) CHECK') FROM system.tables"
        " WHERE database = currentDatabase() AND name = 'cold_scratch_random'"
    ).result_rows:
        for one in constraint:
            bare.client.command(f"ALTER TABLE cold_scratch_random DROP CONSTRAINT {one}")
    bare.client.command(
        f"INSERT INTO cold_scratch_random ({described.names}) SELECT {columns}"
        f" FROM (SELECT *, rowNumberInAllBlocks() AS number FROM generateRandom('{shape}', 1, 12, 3) LIMIT 300)"
    )
    bare.client.command(f"TRUNCATE TABLE {described.name}")
    try:
        bare.client.command(f"ALTER TABLE {described.name} ATTACH PARTITION 202401 FROM cold_scratch_random")
        bare.client.command(f"ALTER TABLE {described.name} ATTACH PARTITION 202402 FROM cold_scratch_random")
        before = figures(bare.client, described, f"{described.name} FINAL")

        engine.apply(rule, bare.connection, bare.client, bare.store, datetime(2024, 3, 5, tzinfo=UTC))

        [file] = ledger.files(bare.connection, described.name, "dropped")
        assert file.side.rows > 100
        assert figures(bare.client, described, described.name + "_as_one") == before
        restore(rule, bare.connection, bare.client, bare.store, 202401)
        assert figures(bare.client, described, f"{described.name} FINAL") == before
    finally:
        bare.client.command("DROP TABLE cold_scratch_random SYNC")
        bare.client.command(f"TRUNCATE TABLE {described.name}")


def test_what_is_due() -> None:
    rule = policy("market_orderbook", {"market_orderbook": 3})
    assert rule.newest_due(datetime(2024, 3, 31, tzinfo=UTC)) == 202311
    assert rule.newest_due(datetime(2024, 4, 1, tzinfo=UTC)) == 202312
    assert policy("market_orderbook", {"market_orderbook": 0}).newest_due(datetime(2024, 4, 1, tzinfo=UTC)) is None


def test_an_unknown_table_is_one_line() -> None:
    with pytest.raises(UnknownTable, match="no table nonsense"):
        policy("nonsense")
    with pytest.raises(UnknownTable, match=r"cold\.months: nonsense"):
        policies({"nonsense": 3})
