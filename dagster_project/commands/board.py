"""`candlehouse board`: leaderboard and prompt versions from both warehouses, with how sure they are."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dagster_project.commands import marts

if TYPE_CHECKING:
    from rich.console import Console

    from dagster_project.lib.parity import Verdict
    from dagster_project.settings import Settings

KEY = ("exchange", "origin_group", "agent_id")
COLUMNS = (
    *KEY,
    *("rank", "agent_name", "currency", "initial_equity", "equity", "equity_at", "equity_source"),
    *("return_since_inception", "open_positions", "open_pnl", "net_pnl", "fees", "trades", "scored_trades", "wins"),
    *("win_rate", "win_rate_low", "win_rate_high", "last_closed_at"),
)

FIGURES = ("equity", "return", "net PnL", "won", "rate (95%)", "beats next")
# Characters; a narrower terminal does without net PnL.
WIDE = 92
# More rows than a person reads go to --json.
SHOWN_VERSIONS = 30
PROMPTS = (
    *("exchange", "origin_group", "agent_id", "prompt_version", "currency", "decisions", "traded"),
    *("judged", "correct", "accuracy", "accuracy_low", "accuracy_high", "avg_confidence"),
    *("scored", "wins", "win_rate", "win_rate_low", "win_rate_high"),
    *("net_pnl", "cost", "net_pnl_after_cost", "returns", "avg_net_return"),
)
SURE = (
    *("days", "decisions_a", "decisions_b", "difference", "low", "high", "p_adjusted"),
    *("probability_b_better", "decisions_needed", "verdict", "p_watched", "verdict_watched"),
)
# Behind a verdict that may not last.
ONE_LOOK = "†"
AGENT_PAIRS = ("exchange", "origin_group", "basis", "agent_a", "agent_b", *SURE)
SHARPES = (
    *("exchange", "origin_group", "agent_id", "days", "agents", "sharpe", "low", "high"),
    *("probability_positive", "luck", "probability_above_luck", "probability_below_luck", "days_needed", "verdict"),
)
PROMPT_PAIRS = ("exchange", "origin_group", "agent_id", "version_a", "version_b", *SURE)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print rows and the comparison as JSON.")
@click.option("--svg", type=click.Path(dir_okay=False, writable=True, path_type=Path), help="Also write a picture.")
def board(as_json: bool, svg: Path | None) -> None:
    """Print the leaderboard and the prompt versions, and whether both warehouses hold the same leaderboard.

    Rates come with their 95% Wilson interval. "beats next" is the probability that an agent earns more per
    decision, as a share of the notional, than the one below it. "undecided" means that luck explains the difference:
    days are compared, and Holm's correction covers all pairs. "above luck" is the probability that a Sharpe ratio is
    more than the best of as many agents without skill would show. Exit code 1 when the warehouses differ.

    \b
    Examples:
      candlehouse board
      candlehouse board --json
      candlehouse board --svg board.svg
    """
    import json
    from dataclasses import asdict

    from rich.console import Console

    from dagster_project.commands.running import require_answers
    from dagster_project.settings import load_settings

    if as_json and svg:
        raise click.UsageError("--json has no picture: leave out --svg")
    settings = load_settings()
    require_answers(settings, "postgres", "clickhouse")
    if as_json:
        rows, verdict = read_board(settings)
        answer = {
            "leaderboard": _with_neighbours(settings, rows),
            "agent_comparison": _read(settings, "agent_comparison", AGENT_PAIRS),
            "sharpe": _read(settings, "sharpe_confidence", SHARPES),
            "prompts": _prompts(settings),
            "prompt_comparison": _read(settings, "prompt_comparison", PROMPT_PAIRS),
            "agree": verdict.agree,
            "differences": [asdict(example) for example in verdict.examples],
        }
        click.echo(json.dumps(answer, default=str))
    else:
        verdict = print_board(settings, Console(soft_wrap=True))
        if svg:
            drawn = Console(record=True, width=WIDE, file=io.StringIO())
            print_board(settings, drawn)
            # Whoever looks at the picture need not ask a server for its font.
            picture = re.sub(r"@font-face \{.*?\}\s*", "", drawn.export_svg(title="candlehouse board"), flags=re.DOTALL)
            svg.write_text(picture)
            click.echo(f"written to {svg}")
    if not verdict.agree:
        raise click.exceptions.Exit(1)


def print_board(settings: Settings, console: Console) -> Verdict:
    """Prints the board of PostgreSQL and a line on ClickHouse's, and returns their comparison.

    Raises:
        NotBuilt: a warehouse holds no leaderboard.
    """
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    rows, verdict = read_board(settings)
    boards: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for entry in _with_neighbours(settings, rows):
        boards.setdefault((entry["exchange"], entry["origin_group"]), []).append(entry)
    console.width = max(console.width, 80 if console.is_terminal else WIDE)
    for (exchange, group), entries in boards.items():
        table = Table(
            title=f"Leaderboard: {escape(exchange)}, {group}",
            title_justify="left",
            box=box.SIMPLE,
            pad_edge=False,
            collapse_padding=True,
        )
        table.add_column("#", justify="right", no_wrap=True)
        table.add_column("agent", overflow="fold")
        shown = [name for name in FIGURES if name != "net PnL" or console.width >= WIDE]
        for name in shown:
            table.add_column(name, justify="right", no_wrap=True)
        for entry in sorted(entries, key=lambda entry: entry["rank"]):
            figures = _figures(entry)
            table.add_row(str(entry["rank"]), escape(entry["agent_name"]), *(figures[name] for name in shown))
        console.print(table, soft_wrap=False)
        if any(_is_carried(entry) for entry in entries):
            console.print(
                "[dim]* not reported: the last report, or the start, and what trades and open positions made since[/]"
            )
        if still := sum(entry["open_positions"] for entry in entries):
            console.print(
                f"[dim]{still:,} open position{'s' * (still > 1)}, valued at the last stored close of the day[/]"
            )
        _explain_one_look(console, entries)
    _print_sharpes(settings, console, rows)
    _print_prompts(settings, console)
    if not boards:
        console.print("the leaderboard is empty: import trades with `candlehouse import nof0 DIR`")
    if verdict.agree:
        console.print(f"[green]both warehouses agree[/] ({verdict.cells} cells compared)")
    else:
        console.print(f"[red]the warehouses differ[/] in {verdict.differences} cells:")
        for example in verdict.examples:
            console.print(
                f"  {escape(example.key)} {example.column}:"
                f" PostgreSQL {escape(example.postgres)}, ClickHouse {escape(example.clickhouse)}"
            )
    return verdict


def read_board(settings: Settings) -> tuple[list[Sequence[Any]], Verdict]:
    """The rows of PostgreSQL's leaderboard (cells as in COLUMNS) and their comparison with ClickHouse's."""
    from dagster_project.lib.parity import compare

    left, right = _of_postgres(settings), _of_clickhouse(settings)
    return left, compare("leaderboard", COLUMNS, KEY, iter(left), iter(right))


def _of_postgres(settings: Settings) -> list[Sequence[Any]]:
    from dagster_project.settings import ANALYTICS

    order = ", ".join(f'{column} COLLATE "C"' for column in KEY)
    query = f"SELECT {', '.join(COLUMNS)} FROM {ANALYTICS}.leaderboard ORDER BY {order}"
    return [tuple(row.values()) for row in marts.of_postgres(settings, "leaderboard", query)]


def _of_clickhouse(settings: Settings) -> list[Sequence[Any]]:
    query = f"SELECT {', '.join(COLUMNS)} FROM `{settings.clickhouse_analytics}`.leaderboard ORDER BY {', '.join(KEY)}"
    return [tuple(row.values()) for row in marts.of_clickhouse(settings, "leaderboard", query)]


def _with_neighbours(settings: Settings, rows: Sequence[Sequence[Any]]) -> list[dict[str, Any]]:
    from dagster_project.lib.statistics.board import with_neighbours

    board = [dict(zip(COLUMNS, row, strict=True)) for row in rows]
    return with_neighbours(board, _read(settings, "agent_comparison", AGENT_PAIRS))


def _prompts(settings: Settings) -> list[dict[str, Any]]:
    return _read(settings, "prompt_performance", PROMPTS, "scope = 'agent'")


def _read(settings: Settings, mart: str, columns: Sequence[str], where: str = "true") -> list[dict[str, Any]]:
    from dagster_project.settings import ANALYTICS

    query = f"SELECT {', '.join(columns)} FROM {ANALYTICS}.{mart} WHERE {where} ORDER BY {', '.join(columns[:5])}"
    return marts.of_postgres(settings, mart, query)


def _print_sharpes(settings: Settings, console: Console, board: Sequence[Sequence[Any]]) -> None:
    """Whether what an agent earned for its risk is more than luck, in the order of its board."""
    from itertools import groupby

    from rich import box
    from rich.markup import escape
    from rich.table import Table

    places = {row[:3]: (row[3], row[4]) for row in (tuple(row) for row in board)}
    rows = [row for row in _read(settings, "sharpe_confidence", SHARPES) if tuple(row.values())[:3] in places]
    rows.sort(key=lambda row: (row["exchange"], row["origin_group"], places[tuple(row.values())[:3]][0]))
    for (exchange, group), own in groupby(rows, key=lambda row: (row["exchange"], row["origin_group"])):
        table = Table(
            title=f"Skill or luck: {escape(exchange)}, {group}",
            title_justify="left",
            box=box.SIMPLE,
            pad_edge=False,
            collapse_padding=True,
        )
        table.add_column("agent", overflow="fold")
        for name in ("days", "Sharpe (95%)", "above 0", "above luck"):
            table.add_column(name, justify="right", no_wrap=True)
        for row in own:
            table.add_row(
                escape(places[tuple(row.values())[:3]][1]),
                f"{row['days']:,}",
                f"{row['sharpe']:.1f} ({row['low']:.1f} to {row['high']:.1f})",
                _chance(row["probability_positive"]),
                f"{_chance(row['probability_above_luck'])} {row['verdict'].removesuffix(' luck')}",
            )
        console.print(table, soft_wrap=False)
        luck = f"; by luck the best of {row['agents']} would show {row['luck']:.1f}" if row["luck"] else ""
        console.print(f"[dim]Sharpe ratios of daily returns, a year{luck}[/]")


def _print_prompts(settings: Settings, console: Console) -> None:
    """Prompt versions that somebody names, and the pairs of them that are decided."""
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    versions = [row for row in _prompts(settings) if row["prompt_version"] != "not known"]
    if not versions:
        return
    table = Table(title="Prompt versions", title_justify="left", box=box.SIMPLE, pad_edge=False, collapse_padding=True)
    for name in ("agent", "version"):
        table.add_column(name, overflow="fold")
    for name in ("decisions", "right (95%)", "win rate (95%)", "net return", "net PnL"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in sorted(versions, key=lambda row: -row["decisions"])[:SHOWN_VERSIONS]:
        mean = row["avg_net_return"]
        table.add_row(
            escape(row["agent_id"]),
            escape(row["prompt_version"]),
            f"{row['decisions']:,}",
            _rate(row, "accuracy"),
            _rate(row),
            "–" if mean is None else f"{mean:+.2%}",
            _money(row["net_pnl"]),
        )
    console.print(table, soft_wrap=False)
    if len(versions) > SHOWN_VERSIONS:
        console.print(f"[dim]and {len(versions) - SHOWN_VERSIONS} more: candlehouse board --json[/]")
    pairs = _read(settings, "prompt_comparison", PROMPT_PAIRS)
    decided = [pair for pair in pairs if pair["verdict"] != "undecided"]
    for pair in decided[:SHOWN_VERSIONS]:
        console.print(
            f"  {escape(pair['agent_id'])}: {escape(pair['version_b'])} is {_verdict(pair)} than"
            f" {escape(pair['version_a'])}, {pair['difference']:+.2%} a decision"
            f" ({pair['low']:+.2%} to {pair['high']:+.2%}, {pair['days']} days)"
        )
    _explain_one_look(console, decided[:SHOWN_VERSIONS])
    if pairs:
        console.print(f"  {len(pairs) - len(decided)} of {len(pairs)} pairs of versions are undecided")


def _figures(entry: dict[str, Any]) -> dict[str, str]:
    """The cell of each of FIGURES."""
    gain = entry["return_since_inception"]
    return {
        "equity": _money(entry["equity"]) + ("*" if _is_carried(entry) else ""),
        "return": "–" if gain is None else f"[{'green' if gain >= 0 else 'red'}]{gain:+.2%}[/]",
        "net PnL": _money(entry["net_pnl"]),
        "won": f"{entry['wins']}/{entry['scored_trades']}",
        "rate (95%)": _rate(entry),
        "beats next": _compared(entry),
    }


def _is_carried(entry: dict[str, Any]) -> bool:
    """Whether the equity is not what the account reported."""
    return entry["equity_source"] in ("closed trades", "open positions")


def _compared(entry: dict[str, Any]) -> str:
    chance = entry["probability_better"]
    return " ".join(filter(None, (_chance(chance), _verdict(entry))))


def _verdict(row: dict[str, Any]) -> str | None:
    return f"{row['verdict']}{ONE_LOOK}" if row["verdict"] != row["verdict_watched"] else row["verdict"]


def _explain_one_look(console: Console, rows: Sequence[dict[str, Any]]) -> None:
    if any(row["verdict"] != row["verdict_watched"] for row in rows):
        console.print(f"[dim]{ONE_LOOK} by this look alone: undecided for who looked every day until it was decided[/]")


def _chance(share: float | None) -> str | None:
    """Never rounded to certainty."""
    if share is None:
        return None
    return ">99%" if share > 0.99 else "<1%" if share < 0.01 else f"{share:.0%}"


def _rate(entry: dict[str, Any], name: str = "win_rate") -> str:
    if entry[name] is None:
        return "–"
    return f"{entry[name]:.0%} ({100 * entry[f'{name}_low']:.0f}–{100 * entry[f'{name}_high']:.0f})"


def _money(amount: Any) -> str:
    return "–" if amount is None else f"{amount:,.2f}"
