"""The table of policies as people read it: in docs/archive.md, in the data model, in the descriptions of assets."""

from __future__ import annotations

from datetime import timedelta

from dagster_project.lib.archive.policies import policies
from dagster_project.lib.archive.policy import Policy

_OFTEN = {"*/5 * * * *": "5 minutes", "25 * * * *": "hour"}


def span(time: timedelta) -> str:
    """A length of time in words: 24 hours, 30 days."""
    hours = time.total_seconds() / 3600
    number, unit = (hours / 24, "day") if hours > 48 else (hours, "hour")
    return f"{number:g} {unit}{'' if number == 1 else 's'}"


def kept(policy: Policy) -> str:
    """How long PostgreSQL keeps a row."""
    if not policy.purge:
        return "for ever; copied to ClickHouse with proof"
    after = f"until {span(policy.grace)} after ClickHouse is proven to hold them"
    if policy.age is None:
        return after
    if policy.age.age:
        return f"{span(policy.age.age)}, then {after}"
    return f"until `{policy.age.column}`, then {after}"


def table() -> str:
    """Every policy, as a Markdown table."""
    lines = ["| policy | rows | looked at every | in ClickHouse | kept in PostgreSQL |", "|---|---|---|---|---|"]
    lines += [
        f"| `{policy.name}` | {policy.description} | {_OFTEN[policy.cron]} | `{policy.target}` | {kept(policy)} |"
        for policy in policies().values()
    ]
    return "\n".join(lines)
