"""What belongs to a person: every table of both databases that holds rows of a user or of an agent. Pure data.

A test compares this with both catalogs: a table that gains a column naming a user or an agent must be told here what
becomes of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from dagster_project.lib.archive.policies import policies


@dataclass(frozen=True)
class Link:
    """Rows that belong to erased rows of `table` by this column.

    `part`: they are parts of that row, which never stay without it, and go with it even when it is erased alone.
    """

    column: str
    table: str
    part: bool = False


@dataclass(frozen=True)
class Holding:
    """A table and the columns by which its rows belong to a person.

    `user` holds an id of users (with `numbers`: or a users.user_number as text), `agents` ids of agents. The names of
    the tables are None where a database has none. A table that is archived, or that others link to, is erased key by
    key, and its keys are remembered; any other by its columns.
    """

    postgres: str | None
    clickhouse: str | None = None
    user: str | None = None
    agents: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()
    numbers: bool = False

    @property
    def name(self) -> str:
        """Name of the table, PostgreSQL's if it is there."""
        return self.postgres or self.clickhouse or ""

    @property
    def is_archived(self) -> bool:
        """Whether an archive policy is named after it."""
        return self.postgres in policies()

    @property
    def is_keyed(self) -> bool:
        """Whether its keys are written down. It has the columns id and updated_at in both databases."""
        return self.is_archived or self.name in {link.table for each in _HOLDINGS for link in each.links}


@dataclass(frozen=True)
class Unlinking:
    """A column of rows that stay, set to NULL where it names an erased row of `table`."""

    postgres: str
    clickhouse: tuple[str, ...]
    column: str
    table: str


# Owners come before what hangs on them; rows are deleted in the opposite order.
_HOLDINGS = (
    Holding("users", user="id"),
    Holding("agents", "agents_versions", agents=("id",)),
    Holding("user_exchanges", user="user_id"),
    Holding("agent_configs", user="user_id", agents=("agent_id",)),
    Holding("agent_states", agents=("agent_id",)),
    Holding("agent_memory", agents=("agent_id",)),
    Holding("agent_semantic_memories", agents=("agent_id",)),
    Holding("agent_trading_plans", agents=("agent_id",)),
    Holding("prompt_versions", agents=("agent_id",)),
    Holding("model_analytics", agents=("agent_id",)),
    Holding("accounts", "accounts_versions", agents=("agent_id",)),
    Holding(None, "agent_performance_versions", agents=("agent_id",)),
    Holding("account_equity_snapshots", "account_equity_snapshots_versions", agents=("agent_id",)),
    Holding("trades", "trades_history_versions", user="user_id", agents=("agent_id",)),
    # Fed from trades_history_versions for the marts; a mutation there does not pass through.
    Holding(None, "trade_changes", agents=("agent_id",), links=(Link("id", "trades", part=True),)),
    Holding("mart_positions", "mart_positions", agents=("agent_id",), links=(Link("trade_id", "trades", part=True),)),
    Holding("positions", user="user_id", agents=("agent_id",), links=(Link("trade_id", "trades"),)),
    Holding(
        "orders", "orders_history_versions", user="user_id", agents=("agent_id",), links=(Link("trade_id", "trades"),)
    ),
    Holding("decisions", "agent_decisions_log_versions", user="user_id", agents=("agent_id",)),
    # Fed from the tables of versions, likewise.
    Holding(None, "decision_changes", agents=("agent_id",), links=(Link("id", "decisions", part=True),)),
    Holding(None, "agent_changes", agents=("id",)),
    Holding(None, "account_changes", agents=("agent_id",)),
    Holding(None, "account_equity_snapshot_changes", agents=("agent_id",)),
    Holding("decision_cycles", "decision_cycles_versions", agents=("agent_id",)),
    Holding(
        "decision_outcomes",
        "decision_outcomes_versions",
        agents=("agent_id",),
        links=(Link("decision_id", "decisions", part=True),),
    ),
    Holding(
        "agent_reasoning_sessions",
        "agent_reasoning_sessions_versions",
        agents=("agent_id",),
        links=(Link("decision_id", "decisions"),),
    ),
    Holding(
        "agent_reflections", "agent_reflections_versions", agents=("agent_id",), links=(Link("trade_id", "trades"),)
    ),
    Holding("conversations", "conversations_versions", agents=("agent_id",)),
    Holding(
        "conversation_messages",
        "conversation_messages_versions",
        links=(Link("conversation_id", "conversations", part=True),),
    ),
    Holding(
        "agent_analysis_results",
        "agent_analysis_results_versions",
        user="user_id",
        agents=("agent_id",),
        numbers=True,
    ),
    Holding("trading_signals", "trading_signals_versions", agents=("agent_id",)),
    # Statistics over all decisions of an agent; what is left of an agent that stays is computed anew.
    Holding("prompt_pairs", "prompt_pairs", agents=("agent_id",)),
    Holding("agent_pairs", "agent_pairs", agents=("agent_a", "agent_b")),
    Holding("calibrated_confidence", "calibrated_confidence", agents=("agent_id",)),
    Holding("sharpe_ratios", "sharpe_ratios", agents=("agent_id",)),
    Holding(None, "prompt_pairs_next", agents=("agent_id",)),
    Holding(None, "agent_pairs_next", agents=("agent_a", "agent_b")),
    Holding(None, "calibrated_confidence_next", agents=("agent_id",)),
    Holding(None, "sharpe_ratios_next", agents=("agent_id",)),
    # No column names a person; here because single rows may be erased.
    Holding("price_ticks", "price_ticks_versions"),
    Holding("news_documents", "news_documents_versions"),
    Holding("social_documents", "social_documents_versions"),
)

# Decisions of an agent that others run too are not one person's, even if they led to a trade in the person's account.
UNLINKED = (
    Unlinking("decisions", ("agent_decisions_log_versions", "decision_changes"), "trade_id", "trades"),
    Unlinking("decisions", ("agent_decisions_log_versions",), "order_id", "orders"),
)

_PUBLIC = "of what was published, not a user of the application"
# Columns that look like a person's and are not, with the reason.
KEPT = {
    "accounts.home_agent_id": "companion of agent_id",
    "agent_analysis_results.agent_type": "a kind of agent",
    "agent_analysis_results_versions.agent_type": "a kind of agent",
    "news_articles_versions.author": _PUBLIC,
    "social_documents.author_name": _PUBLIC,
    "social_documents_versions.author_name": _PUBLIC,
    "social_media_posts_versions.author": _PUBLIC,
    "social_media_posts_versions.author_followers": _PUBLIC,
}


@cache
def holdings() -> dict[str, Holding]:
    """Every holding by its name, owners first."""
    return {holding.name: holding for holding in _HOLDINGS}
