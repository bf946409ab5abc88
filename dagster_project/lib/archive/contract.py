"""The contract of a policy against both catalogs: a difference stops the policy before anything is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dagster_project.lib.archive.policy import BATCH, Policy

if TYPE_CHECKING:
    import psycopg
    from clickhouse_connect.driver.client import Client


class ContractBroken(Exception):
    """A table is not what the policy says; the message is a diff for a person, one difference per line."""


def differences(policy: Policy, postgres: dict[str, str], clickhouse: dict[str, str]) -> list[str]:
    """What is not as the contract says, one line each.

    Args:
        postgres: column -> type of the source, as `format_type` writes it; empty: no such table.
        clickhouse: column -> type of the target's storage; empty: no such table.
    """
    if not postgres:
        return [f"{policy.source}: the table is gone from PostgreSQL: `candlehouse migrate`"]
    if not clickhouse:
        return [f"{policy.storage}: the table is gone from ClickHouse: `candlehouse migrate`"]
    lines = []
    for column in policy.columns:
        if column.name not in postgres:
            lines.append(f"- {policy.source}.{column.name} {column.postgres}: dropped or renamed in PostgreSQL")
        elif postgres[column.name] != column.postgres:
            lines.append(f"~ {policy.source}.{column.name}: {column.postgres} became {postgres[column.name]}")
        if column.name not in clickhouse:
            lines.append(f"- {policy.storage}.{column.name} {column.clickhouse}: not in ClickHouse")
        elif clickhouse[column.name] != column.clickhouse:
            lines.append(f"~ {policy.storage}.{column.name}: {column.clickhouse} became {clickhouse[column.name]}")
    known = {column.name for column in policy.columns} | set(policy.omitted)
    lines += [
        f"+ {policy.source}.{name} {kind}: new in PostgreSQL, does not travel yet"
        for name, kind in postgres.items()
        if name not in known
    ]
    if BATCH not in clickhouse:
        lines.append(f"- {policy.storage}.{BATCH} UUID: not in ClickHouse: `candlehouse migrate`")
    return lines


def check(connection: psycopg.Connection, client: Client, policy: Policy) -> None:
    """Compares the contract with both catalogs.

    Raises:
        ContractBroken: something differs.
    """
    lines = differences(policy, postgres_columns(connection, policy), clickhouse_columns(client, policy))
    if lines:
        raise ContractBroken("\n".join([f"archive policy {policy.name}: the contract does not hold", *lines]))


def postgres_columns(connection: psycopg.Connection, policy: Policy) -> dict[str, str]:
    """Column -> type of the source table; empty when there is none."""
    rows = connection.execute(
        "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute"
        " WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
        [policy.source],
    )
    return dict(rows.fetchall())


def clickhouse_columns(client: Client, policy: Policy) -> dict[str, str]:
    """Column -> type of the target's storage; empty when there is none."""
    rows = client.query(
        "SELECT name, type FROM system.columns WHERE database = currentDatabase() AND table = {table:String}"
        " ORDER BY position",
        parameters={"table": policy.storage},
    ).result_rows
    return {str(name): str(kind) for name, kind in rows}
