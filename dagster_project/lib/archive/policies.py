"""The table of policies: what is archived, when, and what may then leave PostgreSQL.

A new policy is one entry here, its contract in contracts.toml, its target table with an `archive_batch`, and one call
of `ops.guard_archive` in a migration.
"""

from __future__ import annotations

import tomllib
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from dagster_project.lib.archive.policy import Age, Column, Policy

HOURLY = "25 * * * *"
# A conversation is finished when nothing was said in it for 30 days.
FINISHED = (
    "NOT EXISTS (SELECT FROM public.conversation_messages AS m WHERE m.conversation_id = {conversation}"
    " AND m.created_at > now() - interval '30 days')"
)


class UnknownPolicy(Exception):
    """No policy has that name; the message lists those that are there."""


@cache
def _contracts() -> dict[str, dict[str, Any]]:
    return tomllib.loads(Path(__file__).with_name("contracts.toml").read_text())


def _contract(table: str) -> dict[str, Any]:
    entries = dict(_contracts()[table])
    omitted = entries.pop("omitted", {})
    return {"columns": tuple(Column(name, *entry) for name, entry in entries.items()), "omitted": omitted}


def _expired() -> dict[str, Any]:
    return {
        "where": "true",
        "age": Age("expires_at", timedelta(0)),
        "order": ("expires_at", "id"),
        "day": "created_at",
        "times": ("created_at", "expires_at", "updated_at"),
        "wide": ("document",),
        "batch_rows": 5_000,
        "cron": HOURLY,
    }


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
            former="ops.trades_kept",
            group="trading",
            description="Every closed trade, newest version.",
        ),
        Policy(
            name="orders",
            target="orders_history",
            **_contract("orders"),
            where="t.finished_at IS NOT NULL",
            order=("finished_at", "id"),
            day="created_at",
            money=("quantity", "filled_quantity", "fee"),
            times=("created_at", "finished_at", "updated_at"),
            wide=("error_message", "details"),
            follows_reopened=True,
            group="trading",
            description="Every order that was filled, cancelled, refused or expired, newest version.",
        ),
        Policy(
            name="agent_reasoning_sessions",
            target="agent_reasoning_sessions",
            **_contract("agent_reasoning_sessions"),
            where="true",
            age=Age("started_at", timedelta(days=30)),
            order=("started_at", "id"),
            day="started_at",
            times=("started_at", "updated_at"),
            wide=(
                *("observation", "final_reasoning", "recalled_memories", "generated_options", "evaluations"),
                *("decision", "chain_of_thought", "checkpoint_state", "checkpoint_history", "details"),
            ),
            batch_rows=5_000,
            cron=HOURLY,
            description="How agents reasoned, sessions older than 30 days.",
        ),
        Policy(
            name="agent_reflections",
            target="agent_reflections",
            **_contract("agent_reflections"),
            where="true",
            age=Age("created_at", timedelta(days=30)),
            order=("created_at", "id"),
            day="created_at",
            times=("created_at", "updated_at"),
            wide=("analysis", "what_worked", "what_didnt_work", "key_lessons", "suggested_adjustments", "details"),
            batch_rows=5_000,
            cron=HOURLY,
            description="What agents learned from their trades, older than 30 days.",
        ),
        Policy(
            name="decision_cycles",
            target="decision_cycles",
            **_contract("decision_cycles"),
            where="true",
            age=Age("executed_at", timedelta(days=90)),
            order=("executed_at", "id"),
            day="executed_at",
            times=("executed_at", "updated_at"),
            wide=("cot_trace", "decisions", "error_message", "details"),
            batch_rows=5_000,
            cron=HOURLY,
            description="Decision cycles older than 90 days.",
        ),
        Policy(
            name="price_ticks",
            target="price_ticks",
            **_contract("price_ticks"),
            where="true",
            age=Age("priced_at", timedelta(days=30)),
            order=("priced_at", "id"),
            day="priced_at",
            money=("price",),
            times=("priced_at", "updated_at"),
            cron=HOURLY,
            description="Prices as they came, older than 30 days.",
        ),
        Policy(
            name="conversation_messages",
            target="conversation_messages",
            **_contract("conversation_messages"),
            where=FINISHED.format(conversation="t.conversation_id"),
            age=Age("created_at", timedelta(days=30)),
            order=("created_at", "id"),
            day="created_at",
            times=("created_at", "updated_at"),
            wide=("content", "details"),
            batch_rows=5_000,
            cron=HOURLY,
            description="Messages of conversations in which nothing was said for 30 days.",
        ),
        Policy(
            name="conversations",
            target="conversations",
            **_contract("conversations"),
            where=FINISHED.format(conversation="t.id"),
            age=Age("created_at", timedelta(days=30)),
            order=("created_at", "id"),
            day="created_at",
            times=("created_at", "updated_at"),
            wide=("details",),
            # A late message must find its conversation.
            purge=False,
            cron=HOURLY,
            description="Conversations in which nothing was said for 30 days.",
        ),
        Policy(
            name="account_equity_snapshots",
            target="account_equity_snapshots",
            **_contract("account_equity_snapshots"),
            where="true",
            age=Age("captured_at", timedelta(days=365)),
            order=("captured_at", "id"),
            day="captured_at",
            money=("equity",),
            times=("captured_at", "updated_at"),
            wide=("details",),
            # The marts of PostgreSQL read the whole curve; the copy of the younger ones goes on beside this.
            purge=False,
            cron=HOURLY,
            asset="account_equity_snapshots_proven",
            description="Equity snapshots older than a year.",
        ),
        Policy(
            name="agent_analysis_results",
            target="agent_analysis_results",
            **_contract("agent_analysis_results"),
            **_expired(),
            description="Analyses past their expiry.",
        ),
        Policy(
            name="trading_signals",
            target="trading_signals",
            **_contract("trading_signals"),
            **_expired(),
            description="Trading signals past their expiry.",
        ),
        Policy(
            name="news_documents",
            target="news_documents",
            **_contract("news_documents"),
            **_expired(),
            description="News documents past their expiry.",
        ),
        Policy(
            name="social_documents",
            target="social_documents",
            **_contract("social_documents"),
            **_expired(),
            description="Posts past their expiry.",
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
