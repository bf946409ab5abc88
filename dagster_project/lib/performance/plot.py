"""A picture of equity over the hours of a run."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from datetime import datetime

from dagster_project.lib.plot_names import legend_name

# Okabe and Ito's colours, told apart also by the colour-blind; as many lines as there are.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#999933")
MOST = len(COLOURS)
FLAT = 0.5  # percent; smaller changes than this are not blown up to fill the picture


def equity_png(equity: Mapping[tuple[str, str], Sequence[tuple[datetime, float]]]) -> str:
    """Base64 of a PNG: change of equity in percent of its first value, of the accounts that ended best and worst.

    Args:
        equity: (hour, equity) in order of time, by agent and exchange.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
    from matplotlib.figure import Figure

    lines = {
        f"{agent} ({exchange})": (
            [hour for hour, _ in points],
            [(value / points[0][1] - 1) * 100 for _, value in points],
        )
        for (agent, exchange), points in equity.items()
        if points and points[0][1] > 0
    }
    order = sorted(lines, key=lambda name: -lines[name][1][-1])
    shown = order if len(order) <= MOST else [*order[: MOST // 2], *order[-MOST // 2 :]]
    figure = Figure(figsize=(9.5, 3.8), dpi=90, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    for colour, name in zip(COLOURS, shown, strict=False):
        hours, values = lines[name]
        axes.plot(hours, values, linewidth=1.2, color=colour, label=f"{legend_name(name)} {values[-1]:+.1f}%")  # type: ignore[arg-type]
    axes.axhline(0, color="#8a9199", linewidth=0.7)
    locator = AutoDateLocator()
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    axes.xaxis.get_offset_text().set_fontsize(8)
    axes.set_xlabel("hour (UTC)", fontsize=8)
    axes.set_ylabel("equity, change in % since the first hour", fontsize=8)
    if all(abs(value) < FLAT for name in shown for value in lines[name][1]):
        axes.set_ylim(-FLAT, FLAT)
    hidden = len(lines) - len(shown)
    title = "Equity by the hour, open positions at the last candle"
    title += f"; {hidden} accounts between these are not shown" if hidden else ""
    axes.set_title(title, fontsize=9, loc="left")
    axes.tick_params(labelsize=8, length=2)
    axes.spines[["top", "right"]].set_visible(False)
    if shown:
        axes.legend(fontsize=7, frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
    image = io.BytesIO()
    figure.savefig(image, format="png")
    return base64.b64encode(image.getvalue()).decode()
