"""The page docs/data-model.md: every table of both databases, read from their catalogs, with who keeps it and how long.

Purposes are the databases' own comments; the designs of a table are found by following the facades' views to it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from dagster_project.lib.archive import policy_table
from dagster_project.lib.archive.policies import policies

DESIGNS = ("hybrid", "quantbot", "learning", "nof0", "tradingagents")
FOREVER = "for ever"

# Room and who writes. How long PostgreSQL keeps a row is what the archive's policies say.
ROOMS: dict[str, tuple[str, tuple[str, ...]]] = {
    "Trading": (
        "the trading application",
        (
            "agents",
            "symbols",
            "accounts",
            "account_equity_snapshots",
            "orders",
            "positions",
            "trades",
            "decisions",
            "decision_cycles",
            "prompt_versions",
            "conversations",
            "conversation_messages",
            "price_ticks",
            "price_latest",
            "model_analytics",
        ),
    ),
    "Agents": (
        "the trading application",
        (
            "users",
            "user_exchanges",
            "agent_configs",
            "agent_states",
            "agent_memory",
            "embedding_models",
            "agent_semantic_memories",
            "collective_agent_memories",
            "agent_reasoning_sessions",
            "agent_reflections",
            "agent_trading_plans",
        ),
    ),
    "Research": (
        "the back-tester",
        (
            "tokens",
            "callers",
            "alerts",
            "calls",
            "strategies",
            "simulation_runs",
            "simulation_results_summary",
            "optimization_jobs",
            "optimization_trials",
            "ml_models",
        ),
    ),
    "Documents": (
        "the analysts' application",
        ("agent_analysis_results", "trading_signals", "news_documents", "social_documents"),
    ),
    "Boards": (
        "the assets of the same names",
        (
            "daily_marks",
            "mart_positions",
            "hourly_candles",
            "instrument_markets",
            "prompt_pairs",
            "agent_pairs",
            "calibrated_confidence",
            "sharpe_ratios",
        ),
    ),
    "Outcomes": ("the asset decision_outcomes", ("decision_outcomes", "outcome_methods")),
}


@dataclass(frozen=True)
class Table:
    """A table of PostgreSQL: its comment, the designs whose views stand on it and the tables it refers to."""

    name: str
    purpose: str
    designs: tuple[str, ...]
    refers_to: tuple[str, ...]
    partitioned: bool


@dataclass(frozen=True)
class History:
    """A table or view of ClickHouse: its comment and how it is laid out."""

    name: str
    purpose: str
    engine: str
    partition: str
    order: str


def postgres_tables(connection: Any) -> list[Table]:
    """Tables of schema public, without partitions, by name. `connection` is a psycopg connection."""
    rows = connection.execute(
        """
        SELECT c.relname, coalesce(obj_description(c.oid), ''),
            EXISTS (SELECT FROM pg_partitioned_table AS p WHERE p.partrelid = c.oid AND p.partstrat = 'r'),
            ARRAY(
                SELECT DISTINCT r.confrelid::regclass::text FROM pg_constraint AS r
                WHERE r.conrelid = c.oid AND r.contype = 'f' AND r.confrelid <> c.oid ORDER BY 1
            ),
            ARRAY(
                SELECT DISTINCT n.nspname::text FROM pg_depend AS d
                JOIN pg_rewrite AS w ON w.oid = d.objid AND d.classid = 'pg_rewrite'::regclass
                JOIN pg_class AS v ON v.oid = w.ev_class
                JOIN pg_namespace AS n ON n.oid = v.relnamespace
                WHERE d.refobjid = c.oid AND n.nspname = ANY(%s)
                    AND (v.relname = c.relname OR v.relkind = 'v')
            )
        FROM pg_class AS c
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
        ORDER BY 1
        """,
        (list(DESIGNS),),
    ).fetchall()
    return [
        Table(name, purpose, tuple(d for d in DESIGNS if d in designs), tuple(refers), partitioned)
        for name, purpose, partitioned, refers, designs in rows
    ]


def clickhouse_tables(client: Any) -> list[History]:
    """Tables and views of the client's database by name. `client` is a clickhouse-connect client."""
    rows = client.query(
        "SELECT name, comment, engine, partition_key, sorting_key FROM system.tables WHERE database = currentDatabase()"
        " AND NOT startsWith(name, '.inner') AND name NOT LIKE 'alembic%' AND name != 'applied_migrations'"
        " ORDER BY name"
    ).result_rows
    return [History(*row) for row in rows]


def page(tables: Iterable[Table], history: Iterable[History]) -> str:
    """The page as Markdown. Raises KeyError for a table that no room of this module names."""
    by_name = {table.name: table for table in tables}
    homeless = set(by_name) - {name for _, names in ROOMS.values() for name in names}
    if homeless:
        raise KeyError(f"tables without a room in dagster_project/lib/data_model.py: {', '.join(sorted(homeless))}")
    retention = {policy.name: policy_table.kept(policy) for policy in policies().values()}
    lines = [
        "# Data model",
        "",
        "Written by `candlehouse data-model` from the comments in the databases; edit those, not this page.",
        "A design named at a table has a facade over it: `SET search_path = nof0, public` and its own names work.",
        "",
    ]
    for room, (owner, names) in ROOMS.items():
        lines += [f"## {room} (PostgreSQL)", "", *_diagram(by_name, names), ""]
        lines += ["| table | what | written by | kept in PostgreSQL | designs |", "|---|---|---|---|---|"]
        for name in names:
            table = by_name[name]
            monthly = ", in monthly partitions" if table.partitioned else ""
            kept = retention.get(name, FOREVER) + monthly
            designs = ", ".join(table.designs) or "-"
            lines.append(f"| `{name}` | {_cell(table.purpose)} | {owner} | {kept} | {designs} |")
        lines.append("")
    lines += [
        "## History and analytics (ClickHouse)",
        "",
        "Read the views: they say FINAL. Tables behind them end in `_versions` and keep every version of a row.",
        "",
        "| table or view | what | engine | partitions | order |",
        "|---|---|---|---|---|",
    ]
    for item in history:
        layout = [f"`{text}`" if text else "" for text in (item.partition, item.order)]
        lines.append(f"| `{item.name}` | {_cell(item.purpose)} | {item.engine} | {layout[0]} | {layout[1]} |")
    return "\n".join(lines) + "\n"


def _diagram(tables: dict[str, Table], names: Iterable[str]) -> list[str]:
    drawn = [f"    {parent} ||--o{{ {name} : has" for name in names for parent in tables[name].refers_to]
    return ["```mermaid", "erDiagram", *drawn, "```"] if drawn else []


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
