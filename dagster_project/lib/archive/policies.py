"""The table of policies: what is archived, when, and what may then leave PostgreSQL.

A new policy is one entry here, its contract in contracts.toml, its target table with an `archive_batch`, and one call
of `ops.guard_archive` in a migration.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from dagster_project.lib.archive.policy import Column, Policy


class UnknownPolicy(Exception):
    """No policy has that name; the message lists those that are there."""


@cache
def _contracts() -> dict[str, dict[str, Any]]:
    return tomllib.loads(Path(__file__).with_name("contracts.toml").read_text())


def _contract(table: str) -> dict[str, Any]:
    entries = dict(_contracts()[table])
    omitted = entries.pop("omitted", {})
    return {"columns": tuple(Column(name, *entry) for name, entry in entries.items()), "omitted": omitted}


@cache
def policies() -> dict[str, Policy]:
    """Every policy by its name, in the order in which they run."""
    table = [
        Policy(
            name="trades",
            target="trades_history",
            **_contract("trades"),
            where="t.status = 'closed'",
            order=("closed_at", "id"),
            day="closed_at",
            money=("quantity", "net_pnl", "fee"),
            times=("closed_at", "updated_at"),
            wide=("entry_reason", "exit_reason", "details"),
            fact=("trade_facts", "trade_id"),
            follows_reopened=True,
            group="trading",
            description="Every closed trade, newest version.",
        ),
    ]
    return {policy.name: policy for policy in table}


def policy(name: str) -> Policy:
    """The policy of that name.

    Raises:
        UnknownPolicy: there is none.
    """
    try:
        return policies()[name]
    except KeyError:
        raise UnknownPolicy(f"no archive policy {name}: choose from {', '.join(policies())}") from None
