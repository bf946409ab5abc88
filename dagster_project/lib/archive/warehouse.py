"""The ClickHouse side of a batch: the insert, and what is there when it is read back."""

from __future__ import annotations

import uuid
from collections.abc import Generator
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from dagster_project.lib.archive import gentle
from dagster_project.lib.archive.policy import BATCH, Policy
from dagster_project.lib.archive.side import Side
from dagster_project.lib.archive.text import FORMAT_SETTINGS, INSERT_SETTINGS, clickhouse_line, lanes_text

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

_LANES = "sum(reinterpretAsUInt64(substring(digest, 1, 8))), sum(reinterpretAsUInt64(substring(digest, 9, 8)))"


@dataclass(frozen=True)
class ReadBack:
    """The batch in ClickHouse; `days` has rows and sums per UTC day."""

    side: Side
    days: dict[str, dict[str, Any]]
    query_id: str


def insert(client: Client, policy: Policy, blocks: Generator[bytes, None, None], token: str) -> str:
    """Streams lines into the target. A token that was used lately makes it a no-op.

    Returns: the id of the query in ClickHouse.

    Raises:
        clickhouse_connect.driver.exceptions.Error: ClickHouse refused.
    """
    summary = client.raw_insert(
        policy.storage,
        column_names=[BATCH, *(column.name for column in policy.columns)],
        insert_block=blocks,
        fmt="TabSeparated",
        settings={**INSERT_SETTINGS, **gentle.clickhouse_settings(client), "insert_deduplication_token": token},
    )
    return summary.query_id()


def read_back(client: Client, policy: Policy, batch: uuid.UUID, distinct: bool = False) -> ReadBack:
    """What ClickHouse holds of a batch.

    Args:
        distinct: count equal rows once: a batch that was inserted twice is doubled until parts merge.
    """
    money = [f"toString(sum(toDecimal256(`{name}`, 18)))" for name in policy.money]
    times = [f"{end}(`{name}`)" for name in policy.times for end in ("min", "max")]
    columns = dict.fromkeys([*policy.money, *policy.times, policy.day])
    result = client.query(
        f"SELECT toString(toDate(`{policy.day}`, 'UTC')) AS day, count(), {_LANES}"
        f"{''.join(', ' + figure for figure in money)}{''.join(f', toString({figure})' for figure in times)}"
        f" FROM (SELECT MD5({clickhouse_line(policy)}) AS digest{''.join(f', `{name}`' for name in columns)}"
        f" FROM {policy.storage} WHERE {BATCH} = {{batch:UUID}}{' LIMIT 1 BY digest' if distinct else ''})"
        " GROUP BY day ORDER BY day",
        parameters={"batch": str(batch)},
        settings={**FORMAT_SETTINGS, **gentle.clickhouse_settings(client)},
    )
    count = first = second = 0
    sums: dict[str, Decimal | None] = dict.fromkeys(policy.money)
    ends: dict[str, list[str | None]] = {name: [None, None] for name in policy.times}
    days: dict[str, dict[str, Any]] = {}
    for day, number, one, two, *rest in result.result_rows:
        count, first, second = count + int(number), first + int(one), second + int(two)
        totals = dict(zip(policy.money, rest, strict=False))
        days[day] = {"rows": int(number), "sums": {name: _plain(value) for name, value in totals.items()}}
        for name, value in totals.items():
            if value is not None:
                sums[name] = _add(sums[name], Decimal(value))
        for place, name in enumerate(policy.times):
            low, high = rest[len(policy.money) + 2 * place : len(policy.money) + 2 * place + 2]
            ends[name] = [_best(min, ends[name][0], low), _best(max, ends[name][1], high)]
    side = Side(
        count,
        lanes_text(first, second),
        {name: None if value is None else _plain(value) for name, value in sums.items()},
        ends,
    )
    return ReadBack(side, days, result.query_id or "")


def _add(left: Decimal | None, right: Decimal) -> Decimal:
    import decimal

    # Sums of Decimal(38, 18) exceed the 28 digits of Python's default context.
    with decimal.localcontext(prec=100):
        return right if left is None else left + right


def _plain(value: Decimal | str | None) -> str | None:
    """A decimal as PostgreSQL writes trim_scale of it."""
    if value is None:
        return None
    number = Decimal(value)
    if number == 0:
        return "0"
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _best(pick: Any, left: str | None, right: str | None) -> str | None:
    known = [value for value in (left, right) if value is not None]
    return pick(known) if known else None
