"""`candlehouse figures`: every figure of every agent from both warehouses, beside the published one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from dagster_project.commands import marts

if TYPE_CHECKING:
    from dagster_project.lib.arena_figures import Figure
    from dagster_project.settings import Settings

# Characters that the widest figure takes.
WIDTH = 116
Rows = dict[tuple[str, str, str], dict[str, Any]]


@click.command()
@click.option("--agent", "agents", multiple=True, help="Only this agent; may be given several times.")
@click.option("--json", "as_json", is_flag=True, help="Print figures and contradictions as JSON.")
def figures(agents: tuple[str, ...], as_json: bool) -> None:
    """Print every figure of agent_analytics from both warehouses, and the difference from the published one.

    Published figures are those that were imported (`candlehouse import nof0 DIR`). A figure that follows from the
    trades must equal them to 1e-6; the others say why they need not. Then the trades whose own numbers contradict
    each other: gross less fees is not net. Exit code 1 when a figure is wrong or the warehouses differ.

    \b
    Examples:
      candlehouse figures --agent gpt-5
      candlehouse figures --json > figures.json
    """
    import json
    from dataclasses import asdict

    from dagster_project.commands.running import require_answers
    from dagster_project.lib.arena_figures import figures as beside
    from dagster_project.settings import load_settings

    settings = load_settings()
    require_answers(settings, "postgres", "clickhouse")
    postgres, official, contradictions = _of_postgres(settings)
    clickhouse = _of_clickhouse(settings)
    if set(postgres) != set(clickhouse):
        raise click.ClickException(
            "the warehouses hold different agents: build them with `candlehouse up --once`, then `candlehouse board`"
        )
    unknown = sorted(set(agents) - {key[2] for key in postgres})
    if unknown:
        raise click.ClickException(f"no figures of {', '.join(unknown)}: `candlehouse board` lists the agents")
    wanted = {key: row for key, row in postgres.items() if not agents or key[2] in agents}
    found = list(beside(wanted, clickhouse, official))
    told = [row for row in contradictions if not agents or row["agent_id"] in agents]
    if as_json:
        rows = [asdict(one) | {"difference": one.difference} for one in found]
        click.echo(json.dumps({"figures": rows, "contradictions": told}, default=str))
    else:
        _show(found, told)
    if any(one.is_wrong or one.engines_differ for one in found):
        raise click.exceptions.Exit(1)


def _of_postgres(settings: Settings) -> tuple[Rows, dict[str, Any], list[dict[str, Any]]]:
    """Figures by agent, published objects by agent, trades that contradict themselves, largest first."""
    from dagster_project.settings import ANALYTICS

    mart = "agent_analytics"
    rows = marts.of_postgres(settings, mart, f"SELECT * FROM {ANALYTICS}.{mart}")
    published = marts.of_postgres(
        settings, "model_analytics", "SELECT agent_id, payload FROM model_analytics WHERE origin = 'recorded'"
    )
    apart = marts.of_postgres(
        settings,
        "trade_contradictions",
        "SELECT trade_id, agent_id, symbol, side, gross_pnl, fee, net_pnl, net_pnl_expected, difference"
        f" FROM {ANALYTICS}.trade_contradictions ORDER BY abs(difference) DESC, trade_id",
    )
    return _by_agent(rows), {row["agent_id"]: row["payload"] for row in published}, apart


def _of_clickhouse(settings: Settings) -> Rows:
    query = f"SELECT * FROM `{settings.clickhouse_analytics}`.agent_analytics"
    return _by_agent(marts.of_clickhouse(settings, "agent_analytics", query))


def _by_agent(rows: list[dict[str, Any]]) -> Rows:
    return {(row["exchange"], row["origin_group"], row["agent_id"]): row for row in rows}


def _show(found: list[Figure], contradictions: list[dict[str, Any]]) -> None:
    from itertools import groupby

    from rich import box
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console(soft_wrap=True)
    # A table cut to the terminal would lose digits.
    console.width = max(console.width, WIDTH)
    for key, own in groupby(found, key=lambda one: (one.exchange, one.origin_group, one.agent)):
        table = Table(
            title=escape(" ".join(key)), title_justify="left", box=box.SIMPLE, pad_edge=False, collapse_padding=True
        )
        table.add_column("figure", no_wrap=True)
        for name in ("published", "PostgreSQL", "ClickHouse", "difference"):
            table.add_column(name, justify="right", no_wrap=True)
        table.add_column("", no_wrap=True)
        for one in own:
            apart = "" if one.difference is None else f"{one.difference:.0e}" if one.difference else "0"
            note = "[red]wrong[/]" if one.is_wrong else one.note or ""
            if one.engines_differ:
                note = f"[red]the warehouses differ[/] {note}"
            table.add_row(
                one.name,
                "–" if one.official is None else f"{one.official:,.6f}",
                f"{one.postgres:,.6f}",
                f"{one.clickhouse:,.6f}",
                apart,
                note,
            )
        console.print(table)
    if contradictions:
        _show_contradictions(contradictions, console)
    follow = [one for one in found if one.official is not None and one.note is None]
    equal = sum(not one.is_wrong for one in follow)
    apart = sum(one.engines_differ for one in found)
    console.print(f"{equal} of {len(follow)} published figures that follow from the trades are equal to 1e-6")
    console.print(f"{len(found) - apart} of {len(found)} figures are the same in both warehouses")


def _show_contradictions(rows: list[dict[str, Any]], console: Any) -> None:
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    table = Table(
        title=f"{len(rows)} trades whose gross PnL less fees is not their net PnL",
        title_justify="left",
        box=box.SIMPLE,
        pad_edge=False,
        collapse_padding=True,
    )
    for name in ("trade", "agent", "market"):
        table.add_column(name, no_wrap=True)
    for name in ("gross", "fee", "net", "gross − fee − net"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(
            *(escape(row["trade_id"][:24]), escape(row["agent_id"]), f"{escape(row['symbol'])} {row['side']}"),
            *(f"{row[name]:,.4f}" for name in ("gross_pnl", "fee", "net_pnl", "difference")),
        )
    console.print(table)
