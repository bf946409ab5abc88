"""Archived rows and sums per day, over all history: what the manifests prove against what ClickHouse shows now.

Cheap where nothing is wrong: one grouped query there, the manifests' own figures here. Batches that differ are compared
row by row: rows that a later version replaced or a request erased are remembered, anything else is named.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dagster_project.lib.archive.policy import BATCH, Policy
from dagster_project.lib.archive.rows_check import NO_BATCH, add, check_batch
from dagster_project.lib.archive.shown import shown

if TYPE_CHECKING:
    import psycopg
    from clickhouse_connect.driver.client import Client

EXAMPLES = 3
Figures = dict[tuple[str, str], dict[str, Any]]  # (batch, day) -> {"rows": int, "sums": {column: text}}


@dataclass
class Day:
    """One UTC day of a policy."""

    day: str
    expected: dict[str, Any]
    found: dict[str, Any]
    batches: list[dict[str, Any]] = field(default_factory=list)

    @property
    def agree(self) -> bool:
        """Rows and sums are equal and no row of the day is wrong."""
        return _same(self.expected, self.found) and not self.batches


@dataclass
class Parity:
    """The outcome for a policy. `checked` batches were compared row by row."""

    policy: str
    rows: int
    days: list[Day]
    checked: int

    @property
    def differing(self) -> list[Day]:
        """Days that do not agree."""
        return [day for day in self.days if not day.agree]

    @property
    def agree(self) -> bool:
        """Every day agrees."""
        return not self.differing

    def line(self) -> str:
        """The outcome in one line."""
        verdict = "all agree" if self.agree else f"{len(self.differing)} DIFFER"
        return f"{self.policy}: {self.rows} archived rows on {len(self.days)} days, {verdict}"

    def differences(self) -> list[str]:
        """One line per batch of a day that differs."""
        lines = []
        for day in self.differing:
            lines.append(f"{day.day}: {day.expected['rows']} rows proven, {day.found['rows']} in ClickHouse")
            lines += [
                f"{day.day}: batch {batch['batch']}: {batch['rows']} rows, {'; '.join(batch['examples'])}"
                for batch in day.batches
            ]
        return lines

    def as_json(self) -> dict[str, Any]:
        """For a program; only days that differ are listed."""
        return {
            "policy": self.policy,
            "agree": self.agree,
            "rows": self.rows,
            "days": len(self.days),
            "differing": [vars(day) for day in self.differing],
        }


def compare(
    policy: Policy,
    connection: psycopg.Connection,
    client: Client,
    *,
    deep: bool = False,
    run_id: str | None = None,
) -> Parity:
    """Compares, and stores days that changed or differ in ops.archive_parity.

    Args:
        deep: compare every row of every batch, whatever the figures say.
    """
    proven, replaced, found = _proven(connection, policy), _replaced(connection, policy), _found(client, policy)
    expected = {place: _minus(figures, replaced.get(place)) for place, figures in proven.items()}
    suspects = {
        batch
        for (batch, day) in expected.keys() | found.keys()
        if not _same(expected.get((batch, day), {}), found.get((batch, day), {}))
    }
    if deep:
        suspects |= {batch for batch, _ in proven}
    faults: dict[str, list[tuple[str, str]]] = {}
    known = {batch for batch, _ in proven}
    for batch in sorted(suspects & known):
        checked = check_batch(connection, client, policy, uuid.UUID(batch))
        if checked.faults:
            faults[batch] = checked.faults
            continue
        for place in [place for place in proven if place[0] == batch]:
            expected[place] = checked.days.get(place[1], {"rows": 0, "sums": {}})
            gone = _minus(proven[place], expected[place])
            if gone["rows"] or place in replaced:
                _remember(connection, policy, place, gone)
        for day, figures in checked.unnamed.items():
            found[(batch, day)] = _plus(found.get((batch, day)), figures)
    days = _by_day(policy, expected, found, faults)
    _store(connection, policy, days, run_id)
    return Parity(policy.name, sum(day.found["rows"] for day in days), days, len(suspects & known))


def _proven(connection: psycopg.Connection, policy: Policy) -> Figures:
    rows = connection.execute(
        "SELECT m.batch::text, d.key, d.value FROM ops.archive_manifests AS m"
        " CROSS JOIN LATERAL jsonb_each(m.days) AS d"
        " WHERE m.policy = %s AND m.verdict = 'verified' AND m.kind = 'archive'",
        [policy.name],
    )
    return {(batch, day): figures for batch, day, figures in rows}


def _replaced(connection: psycopg.Connection, policy: Policy) -> Figures:
    rows = connection.execute(
        "SELECT batch::text, day::text, rows, sums FROM ops.archive_superseded WHERE policy = %s", [policy.name]
    )
    return {(batch, day): {"rows": count, "sums": sums} for batch, day, count, sums in rows}


def _found(client: Client, policy: Policy) -> Figures:
    money = "".join(f", toString(sum(toDecimal256(`{name}`, 18)))" for name in policy.money)
    rows = client.query(
        f"SELECT toString({BATCH}) AS batch, toString(toDate(`{policy.day}`, 'UTC')) AS day, count(){money}"
        f" FROM {shown(client, policy)} WHERE {BATCH} != toUUID('{NO_BATCH}') GROUP BY batch, day"
    ).result_rows
    return {
        (batch, day): {"rows": int(count), "sums": dict(zip(policy.money, sums, strict=True))}
        for batch, day, count, *sums in rows
    }


def _by_day(policy: Policy, expected: Figures, found: Figures, faults: dict[str, list[tuple[str, str]]]) -> list[Day]:
    def empty() -> dict[str, Any]:
        return {"rows": 0, "sums": dict.fromkeys(policy.money)}

    days: dict[str, Day] = {}
    for side, figures in (("expected", expected), ("found", found)):
        for (_, name), value in figures.items():
            day = days.setdefault(name, Day(name, empty(), empty()))
            total = getattr(day, side)
            total["rows"] += value.get("rows", 0)
            for column, amount in value.get("sums", {}).items():
                total["sums"][column] = add(total["sums"].get(column), amount)
    for batch, wrong in faults.items():
        entry = {
            "batch": batch,
            "rows": len(wrong),
            "examples": [f"{key}: {what}" for key, what in wrong[:EXAMPLES]],
        }
        for name in {day for place, day in expected if place == batch}:
            days[name].batches.append(entry)
    # Rows of an interrupted batch are there before their proof is; the next pass brings it.
    known = {batch for batch, _ in expected}
    for (batch, name), value in found.items():
        if batch not in known and not _same(days[name].expected, days[name].found):
            days[name].batches.append(
                {"batch": batch, "rows": value["rows"], "examples": ["no verified manifest lists this batch"]}
            )
    return [days[name] for name in sorted(days)]


def _store(connection: psycopg.Connection, policy: Policy, days: list[Day], run_id: str | None) -> None:
    last = {
        day: (agree, rows, sums)
        for day, agree, rows, sums in connection.execute(
            "SELECT DISTINCT ON (day) day::text, agree, rows_found, sums_found FROM ops.archive_parity"
            " WHERE policy = %s ORDER BY day, id DESC",
            [policy.name],
        )
    }
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO ops.archive_parity (run_id, policy, day, rows_expected, rows_found, sums_expected, sums_found,"
            " batches, agree) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [
                (
                    run_id,
                    policy.name,
                    day.day,
                    day.expected["rows"],
                    day.found["rows"],
                    json.dumps(day.expected["sums"]),
                    json.dumps(day.found["sums"]),
                    json.dumps(day.batches),
                    day.agree,
                )
                for day in days
                if not day.agree or last.get(day.day) != (True, day.found["rows"], day.found["sums"])
            ],
        )


def _remember(connection: psycopg.Connection, policy: Policy, place: tuple[str, str], gone: dict[str, Any]) -> None:
    connection.execute(
        "INSERT INTO ops.archive_superseded (policy, batch, day, rows, sums) VALUES (%s, %s, %s, %s, %s)"
        " ON CONFLICT (policy, batch, day) DO UPDATE SET rows = excluded.rows, sums = excluded.sums,"
        " checked_at = clock_timestamp()",
        [policy.name, *place, gone["rows"], json.dumps(gone["sums"])],
    )


def _minus(left: dict[str, Any], right: dict[str, Any] | None) -> dict[str, Any]:
    if right is None:
        return left
    sums = {name: add(value, right["sums"].get(name), -1) for name, value in left["sums"].items()}
    return {"rows": left["rows"] - right["rows"], "sums": sums}


def _plus(left: dict[str, Any] | None, right: dict[str, Any]) -> dict[str, Any]:
    if left is None:
        return right
    sums = {name: add(value, right["sums"].get(name)) for name, value in left["sums"].items()}
    return {"rows": left["rows"] + right["rows"], "sums": sums}


def _same(left: dict[str, Any], right: dict[str, Any]) -> bool:
    """Equal rows and sums; no value and a sum of zero are the same, for rows may be replaced."""
    names = left.get("sums", {}).keys() | right.get("sums", {}).keys()
    return left.get("rows", 0) == right.get("rows", 0) and all(
        add("0", left.get("sums", {}).get(name)) == add("0", right.get("sums", {}).get(name)) for name in names
    )
