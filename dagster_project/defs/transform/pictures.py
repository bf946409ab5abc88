"""What the boards tell people in the Dagster UI: tables that say when nothing is decided, and plots with intervals."""

import base64
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import dagster as dg

from dagster_project.lib.plot_names import legend_name, plain_text

if TYPE_CHECKING:
    import psycopg
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito's colours, told apart also by the colour-blind.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#999933")
BETTER, WORSE, GREY = "#009e73", "#d55e00", "#8a8f98"
SHOWN_AGENTS = len(COLOURS)
SHOWN_PAIRS = 30
SHOWN_ROWS = 50


def board_metadata(connection: "psycopg.Connection") -> dict[str, Any]:
    """Leaderboard with the probability of being better than the next one; equity and drawdown of the busiest board."""
    from dagster_project.lib.statistics.board import with_neighbours

    board = _rows(connection, "SELECT * FROM analytics.leaderboard ORDER BY exchange, origin_group, rank")
    pairs = _rows(connection, "SELECT * FROM agent_pairs WHERE basis = 'all trades'")
    if not board:
        return {}
    rows = with_neighbours(board, pairs)
    metadata: dict[str, Any] = {"leaderboard": dg.MetadataValue.md(leaderboard_table(rows[:SHOWN_ROWS]))}
    home = max(board, key=lambda row: row["trades"])
    agents = [row["agent_id"] for row in board if _home(row) == _home(home)][:SHOWN_AGENTS]
    daily = _rows(
        connection,
        "SELECT agent_id, day, equity, drawdown, currency FROM analytics.agent_daily"
        " WHERE exchange = %s AND origin_group = %s AND agent_id = ANY(%s) AND equity IS NOT NULL ORDER BY day",
        (*_home(home), agents),
    )
    if daily:
        metadata["equity_and_drawdown"] = _image(equity_figure(daily, agents, " ".join(_home(home))), "equity")
    ours = [pair for pair in pairs if _home(pair) == _home(home)]
    if ours:
        metadata["comparison"] = _image(
            forest_figure(ours, "agent_a", "agent_b", " ".join((*_home(home), "all trades"))), "comparison"
        )
    return metadata


def prompt_metadata(connection: "psycopg.Connection") -> dict[str, Any]:
    """Prompt versions with their intervals, and their comparison."""
    versions = _rows(
        connection,
        "SELECT * FROM analytics.prompt_performance WHERE scope = 'agent'"
        f" ORDER BY decisions DESC, agent_id, prompt_version LIMIT {SHOWN_ROWS}",
    )
    pairs = _rows(connection, f"SELECT * FROM prompt_pairs ORDER BY days DESC, decisions_a DESC LIMIT {SHOWN_PAIRS}")
    metadata: dict[str, Any] = {}
    if versions:
        metadata["prompt_versions"] = dg.MetadataValue.md(prompt_table(versions))
    if pairs:
        title = "Prompt versions on the same markets and days"
        metadata["comparison"] = _image(forest_figure(pairs, "version_a", "version_b", title), "comparison")
    return metadata


def calibration_metadata(connection: "psycopg.Connection") -> dict[str, Any]:
    """Scores, the diagram of the agent with the most judged decisions, and what recalibration gains out of sample."""
    scores = _rows(
        connection,
        "SELECT * FROM analytics.calibration_scores WHERE scope = 'agent' AND chosen = 'all' ORDER BY decisions DESC,"
        f" agent_id LIMIT {SHOWN_ROWS}",
    )
    if not scores:
        return {}
    first = scores[0]
    bins = _rows(
        connection,
        "SELECT * FROM analytics.confidence_calibration WHERE scope = 'agent' AND binning = 'equal width'"
        " AND exchange = %s AND origin_group = %s AND agent_id = %s ORDER BY chosen, bin",
        (*_home(first), first["agent_id"]),
    )
    maps = _rows(
        connection,
        "SELECT confidence, calibrated FROM calibrated_confidence WHERE exchange = %s AND origin_group = %s"
        " AND agent_id = %s AND calibrated IS NOT NULL AND day = (SELECT max(day) FROM calibrated_confidence"
        " WHERE exchange = %s AND origin_group = %s AND agent_id = %s AND calibrated IS NOT NULL) ORDER BY confidence",
        (*_home(first), first["agent_id"], *_home(first), first["agent_id"]),
    )
    gain = _rows(
        connection,
        """
        SELECT
            sum(judged)::bigint AS decisions,
            sum(correct * (1 - confidence) ^ 2 + (judged - correct) * confidence ^ 2)::float / sum(judged) AS stated,
            sum(correct * (1 - calibrated) ^ 2 + (judged - correct) * calibrated ^ 2) / sum(judged) AS mapped
        FROM calibrated_confidence WHERE calibrated IS NOT NULL AND judged > 0
        HAVING sum(judged) > 0
        """,
    )
    metadata: dict[str, Any] = {
        "scores": dg.MetadataValue.md(scores_table(scores)),
        "calibration": _image(calibration_figure(bins, maps, first["agent_id"]), "calibration"),
    }
    for row in gain:
        metadata |= {
            "recalibrated_decisions": row["decisions"],
            "brier_stated": row["stated"],
            "brier_recalibrated": row["mapped"],
        }
    return metadata


def sharpe_metadata(connection: "psycopg.Connection") -> dict[str, Any]:
    """Sharpe ratios with their intervals, as a table and drawn beside what luck would show."""
    rows = _rows(
        connection,
        "SELECT * FROM sharpe_ratios ORDER BY agents DESC, exchange, origin_group, sharpe DESC, agent_id"
        f" LIMIT {SHOWN_ROWS}",
    )
    if not rows:
        return {}
    first = [row for row in rows if _home(row) == _home(rows[0])][:SHOWN_PAIRS]
    return {
        "sharpe_ratios": dg.MetadataValue.md(sharpe_table(rows)),
        "intervals": _image(sharpe_figure(first, " ".join(_home(rows[0]))), "intervals"),
    }


def leaderboard_table(rows: Sequence[dict[str, Any]]) -> str:
    """Markdown. The last two columns compare an agent with the next one by net return per decision."""
    heads = ("board", "#", "agent", "return", "net PnL", "won", "win rate (95%)", "better than the next", "verdict")
    return _markdown(
        heads,
        [
            (
                " ".join(_home(row)),
                row["rank"],
                row["agent_name"],
                _share(row["return_since_inception"], signed=True),
                _money(row["net_pnl"]),
                f"{row['wins']}/{row['scored_trades']}",
                _interval(row, "win_rate"),
                _share(row["probability_better"]),
                _verdict(row) if row["verdict"] else "",
            )
            for row in rows
        ],
    )


def prompt_table(rows: Sequence[dict[str, Any]]) -> str:
    """Markdown: a row per agent and prompt version."""
    heads = (
        "agent",
        "version",
        "decisions",
        "traded",
        "right (95%)",
        "confidence",
        "won",
        "win rate (95%)",
        "net PnL",
        "after cost",
    )
    return _markdown(
        heads,
        [
            (
                *(row["agent_id"], row["prompt_version"], f"{row['decisions']:,}", f"{row['traded']:,}"),
                *(_interval(row, "accuracy"), _share(row["avg_confidence"]), f"{row['wins']}/{row['scored']}"),
                *(_interval(row, "win_rate"), _money(row["net_pnl"]), _money(row["net_pnl_after_cost"])),
            )
            for row in rows
        ],
    )


def scores_table(rows: Sequence[dict[str, Any]]) -> str:
    """Markdown: how good the confidences of each agent are."""
    names = ("brier", "reliability", "resolution", "uncertainty", "ece_equal_width", "ece_equal_mass", "log_loss")
    return _markdown(
        ("agent", "decisions", "confidence", "right", *names),
        [
            (
                *(row["agent_id"], f"{row['decisions']:,}", _share(row["avg_confidence"]), _share(row["accuracy"])),
                *(f"{row[name]:.4f}" for name in names),
            )
            for row in rows
        ],
    )


def sharpe_table(rows: Sequence[dict[str, Any]]) -> str:
    """Markdown: how sure each Sharpe ratio is."""
    heads = ("board", "agent", "days", "Sharpe (95%)", "above zero", "above luck", "luck", "verdict", "days needed")
    return _markdown(
        heads,
        [
            (
                *(" ".join(_home(row)), row["agent_id"], f"{row['days']:,}"),
                f"{row['sharpe']:.2f} ({row['low']:.2f} to {row['high']:.2f})",
                *(_share(row["probability_positive"]), _share(row["probability_above_luck"]), f"{row['luck']:.2f}"),
                *(row["verdict"], "–" if row["days_needed"] is None else f"{row['days_needed']:,}"),
            )
            for row in rows
        ],
    )


def equity_figure(daily: Sequence[dict[str, Any]], agents: Sequence[str], title: str) -> "Figure":
    """Equity above, drawdown below, one line per agent, against UTC days."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
    from matplotlib.ticker import PercentFormatter

    figure = _figure(9, 6)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(2, 1))
    for colour, agent in zip(COLOURS, agents, strict=False):
        own = [row for row in daily if row["agent_id"] == agent]
        days = [row["day"] for row in own]
        marker = "o" if len(own) < 40 else None
        equity, label = [float(row["equity"]) for row in own], legend_name(agent)
        upper.plot(days, equity, color=colour, label=label, marker=marker, markersize=3)
        falls = [float("nan") if row["drawdown"] is None else row["drawdown"] for row in own]
        lower.plot(days, falls, color=colour, marker=marker, markersize=3)
    currency = next((row["currency"] for row in daily if row["currency"]), "account currency")
    upper.set_title(plain_text(f"Equity at the end of the day: {title}"), loc="left", fontsize=10)
    upper.set_ylabel(plain_text(f"equity ({currency})"))
    upper.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    lower.set_ylabel("below the peak")
    lower.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    lower.set_xlabel("UTC day")
    locator = AutoDateLocator()
    lower.xaxis.set_major_locator(locator)
    lower.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    figure.legend(loc="outside right upper", fontsize=8, frameon=False)
    for axes in (upper, lower):
        _plain(axes)
    return figure


def forest_figure(pairs: Sequence[dict[str, Any]], a: str, b: str, title: str) -> "Figure":
    """A line per pair: the difference in mean net return and its 95% interval, widest evidence first."""
    from matplotlib.lines import Line2D
    from matplotlib.ticker import PercentFormatter

    shown = sorted(pairs, key=lambda pair: (-pair["days"], pair[a], pair[b]))[:SHOWN_PAIRS][::-1]
    figure = _figure(9, 1.6 + 0.3 * len(shown))
    axes = figure.add_subplot()
    colours = {"better": BETTER, "worse": WORSE}
    ends = [abs(pair[name]) for pair in shown for name in ("low", "high") if pair[name] is not None]
    centres = [abs(pair["difference"]) for pair in shown]
    # A pair of two days may reach beyond everything: such lines run out of the picture, with an arrow.
    reach = 1.1 * max([*centres, *sorted(ends)[: max(1, int(0.8 * len(ends)))], 1e-6])
    for place, pair in enumerate(shown):
        colour = colours.get(pair["verdict"], GREY)
        if pair["low"] is not None:
            low, high = max(pair["low"], -reach), min(pair["high"], reach)
            axes.plot([low, high], [place, place], color=colour, linewidth=1.6, solid_capstyle="butt")
            for cut, edge, arrow in ((pair["low"] < -reach, -reach, "<"), (pair["high"] > reach, reach, ">")):
                if cut:
                    axes.plot(edge, place, arrow, color=colour, markersize=5, clip_on=False)
        axes.plot(pair["difference"], place, "o", color=colour, markersize=5)
    axes.axvline(0, color="black", linewidth=0.8)
    axes.set_xlim(-reach, reach)
    axes.set_yticks(range(len(shown)), [_pair_name(pair, a, b) for pair in shown], fontsize=8)
    axes.set_ylim(-0.7, len(shown) - 0.3)
    right = axes.secondary_yaxis("right")
    right.set_yticks(range(len(shown)), [_evidence(pair) for pair in shown], fontsize=8)
    # Beside the arrows of lines that run out of the picture.
    right.tick_params(length=0, pad=9)
    right.spines[:].set_visible(False)
    axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=None))
    axes.set_xlabel("difference in mean net return on the notional, with its 95% interval")
    axes.set_title(plain_text(f"{title} (right: decisions of the first / the second)"), loc="left", fontsize=10)
    kinds = (("better (after Holm)", BETTER), ("worse (after Holm)", WORSE), ("undecided", GREY))
    handles = [Line2D([], [], color=colour, marker="o", label=label) for label, colour in kinds]
    figure.legend(handles=handles, loc="outside lower center", ncols=3, fontsize=8, frameon=False)
    _plain(axes)
    axes.tick_params(axis="y", length=0, pad=9)
    return figure


def sharpe_figure(rows: Sequence[dict[str, Any]], title: str) -> "Figure":
    """A line per agent: its Sharpe ratio with the 95% interval, over the band that luck alone explains."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    shown = sorted(rows, key=lambda row: (row["sharpe"], row["agent_id"]))
    figure = _figure(9, 1.8 + 0.3 * len(shown))
    axes = figure.add_subplot()
    colours = {"above luck": BETTER, "below luck": WORSE}
    luck = shown[0]["luck"]
    ends = sorted(abs(row[name]) for row in shown for name in ("low", "high"))
    centres = [abs(row["sharpe"]) for row in shown]
    # Few days have intervals beyond everything: such lines run out of the picture, with an arrow.
    reach = 1.1 * max([*centres, *ends[: max(1, int(0.8 * len(ends)))], luck, 1e-6])
    if luck:
        axes.axvspan(-luck, luck, color="#eef0f3", zorder=0)
    for place, row in enumerate(shown):
        colour = colours.get(row["verdict"], GREY)
        axes.plot(
            [max(row["low"], -reach), min(row["high"], reach)],
            [place, place],
            color=colour,
            linewidth=1.6,
            solid_capstyle="butt",
        )
        for cut, edge, arrow in ((row["low"] < -reach, -reach, "<"), (row["high"] > reach, reach, ">")):
            if cut:
                axes.plot(edge, place, arrow, color=colour, markersize=5, clip_on=False)
        axes.plot(row["sharpe"], place, "o", color=colour, markersize=5)
    axes.axvline(0, color="black", linewidth=0.8)
    axes.set_xlim(-reach, reach)
    axes.set_ylim(-0.7, len(shown) - 0.3)
    axes.set_yticks(range(len(shown)), [plain_text(row["agent_id"]) for row in shown], fontsize=8)
    right = axes.secondary_yaxis("right")
    right.set_yticks(range(len(shown)), [f"{row['days']:,} days: {row['verdict']}" for row in shown], fontsize=8)
    right.tick_params(length=0, pad=9)
    right.spines[:].set_visible(False)
    axes.set_xlabel("Sharpe ratio of daily returns (UTC days), a year, with its 95% interval")
    axes.set_title(plain_text(f"Skill or luck: {title}"), loc="left", fontsize=10)
    kinds = (("above luck", BETTER), ("below luck", WORSE), ("undecided", GREY))
    handles: list[Any] = [Line2D([], [], color=colour, marker="o", label=label) for label, colour in kinds]
    if luck:
        handles.append(Patch(color="#eef0f3", label=f"best and worst of {shown[0]['agents']:,} without skill"))
    figure.legend(handles=handles, loc="outside lower center", ncols=4, fontsize=8, frameon=False)
    _plain(axes)
    axes.tick_params(axis="y", length=0, pad=9)
    return figure


def calibration_figure(bins: Sequence[dict[str, Any]], maps: Sequence[dict[str, Any]], agent: str) -> "Figure":
    """Share that was right against stated confidence, traded and skipped apart, over the counts of decisions."""
    from matplotlib.ticker import PercentFormatter

    figure = _figure(7.5, 6.5)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    upper.plot([0, 1], [0, 1], color=GREY, linewidth=1, linestyle="--", label="perfect")
    if maps:
        xs, ys = ([float(row[name]) for row in maps] for name in ("confidence", "calibrated"))
        upper.plot(xs, ys, color="black", linewidth=1.2, label="isotonic map of the last day")
    for shift, (chosen, colour) in zip((-0.006, 0.006), (("traded", COLOURS[0]), ("skipped", COLOURS[1])), strict=True):
        own = [row for row in bins if row["chosen"] == chosen]
        if not own:
            continue
        xs = [row["avg_confidence"] + shift for row in own]
        ys = [row["accuracy"] for row in own]
        # A rate of 0 or 1 has its interval on one side; rounding may put it 1e-17 on the other.
        errors = [
            [max(0.0, row["accuracy"] - row["accuracy_low"]) for row in own],
            [max(0.0, row["accuracy_high"] - row["accuracy"]) for row in own],
        ]
        label = f"{chosen} ({sum(row['decisions'] for row in own):,} decisions)"
        upper.errorbar(xs, ys, yerr=errors, fmt="o", color=colour, markersize=4, capsize=3, linewidth=1.2, label=label)
        centres = [row["bin"] / 10 - 0.05 + 3 * shift for row in own]
        lower.bar(centres, [row["decisions"] for row in own], width=0.035, color=colour)
    upper.set_title(plain_text(f"Is 80% sure right 80% of the time? {agent}"), loc="left", fontsize=10)
    upper.set_ylabel("share that was right (95%, Wilson)")
    upper.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    upper.set_ylim(-0.02, 1.02)
    upper.legend(fontsize=8, frameon=False, loc="upper left")
    lower.set_ylabel("decisions")
    lower.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    lower.set_xlabel("stated confidence (ten bins of equal width; points at the mean confidence of a bin)")
    lower.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    lower.set_xlim(-0.02, 1.02)
    for axes in (upper, lower):
        _plain(axes)
    return figure


def png(figure: "Figure") -> bytes:
    """The figure as a PNG file."""
    image = io.BytesIO()
    figure.savefig(image, format="png")
    return image.getvalue()


def _figure(width: float, height: float) -> "Figure":
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=90, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _plain(axes: "Axes") -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="both", color="#e4e7eb", linewidth=0.7)
    axes.set_axisbelow(True)


def _image(figure: "Figure", name: str) -> dg.MarkdownMetadataValue:
    return dg.MetadataValue.md(f"![{name}](data:image/png;base64,{base64.b64encode(png(figure)).decode()})")


def _pair_name(pair: dict[str, Any], a: str, b: str) -> str:
    home = f"{pair['agent_id']}: " if "agent_id" in pair else ""
    return plain_text(f"{home}{pair[b]}  less  {pair[a]}")


def _evidence(pair: dict[str, Any]) -> str:
    days = f"{pair['days']} day{'' if pair['days'] == 1 else 's'}"
    return f"{pair['decisions_b']:,} / {pair['decisions_a']:,} in {days}: {_verdict(pair)}"


def _verdict(pair: dict[str, Any]) -> str:
    """With a mark where it does not hold for who looked every day."""
    return pair["verdict"] if pair["verdict"] == pair["verdict_watched"] else f"{pair['verdict']} (one look)"


def _rows(connection: "psycopg.Connection", query: str, values: Sequence[Any] = ()) -> list[dict[str, Any]]:
    from psycopg.rows import dict_row

    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query.encode(), values or None).fetchall()


def _home(row: dict[str, Any]) -> tuple[str, str]:
    return row["exchange"], row["origin_group"]


def _markdown(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    lines = [f"| {' | '.join(names)} |", "|" + "---|" * len(names)]
    lines += [f"| {' | '.join(str(cell).replace('|', '/') for cell in row)} |" for row in rows]
    return "\n".join(lines)


def _interval(row: dict[str, Any], name: str) -> str:
    if row[name] is None:
        return "–"
    return f"{row[name]:.1%} ({100 * row[f'{name}_low']:.1f} to {100 * row[f'{name}_high']:.1f})"


def _share(value: float | None, *, signed: bool = False) -> str:
    return "–" if value is None else f"{value:+.1%}" if signed else f"{value:.1%}"


def _money(amount: Any) -> str:
    return "–" if amount is None else f"{amount:,.2f}"
