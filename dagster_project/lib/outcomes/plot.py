"""A picture of outcomes: how many are in which state, and how far prices went for and against the scored ones."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

COLOURS = {"scored": "#3f8f5f", "pending": "#8fa3b3", "gap": "#d9a441", "no_market": "#c0504d", "no_side": "#b9bec4"}
RIGHT, WRONG = "#2f6fb0", "#c0504d"
COMMON = 0.99  # axes end at this quantile, so that one crash does not push all others into a corner


@dataclass(frozen=True)
class Group:
    """Decisions in one state with one stake: how many, how many were right, mean net return in percent."""

    state: str
    stake: str
    traded: bool
    decisions: int
    right: int
    mean: float | None

    @property
    def share(self) -> str:
        """Share that was right, for people; empty where nothing was scored."""
        return f"{self.right / self.decisions:.1%}" if self.state == "scored" else ""


def outcomes_png(groups: Sequence[Group], points: Sequence[tuple[float, float, bool]]) -> str:
    """Base64 of a PNG.

    Args:
        points: worst and best excursion in percent of the entry price, and whether the decision was right.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.5, 3.8), dpi=90, layout="constrained")
    FigureCanvasAgg(figure)
    bars, scatter = figure.subplots(1, 2, width_ratios=(1, 1.3))
    _bars(bars, groups)
    _scatter(scatter, points)
    image = io.BytesIO()
    figure.savefig(image, format="png")
    return base64.b64encode(image.getvalue()).decode()


def _bars(axes: Any, groups: Sequence[Group]) -> None:
    counts = {state: [0, 0] for state in COLOURS}
    for group in groups:
        counts[group.state][group.traded] += group.decisions
    shown = [state for state in COLOURS if sum(counts[state])][::-1]
    for traded, alpha in ((1, 1.0), (0, 0.45)):
        left = [counts[state][1] if not traded else 0 for state in shown]
        axes.barh(
            shown, [counts[state][traded] for state in shown], left=left,
            color=[COLOURS[state] for state in shown], alpha=alpha,
        )  # fmt: skip
    for place, state in enumerate(shown):
        axes.annotate(f" {sum(counts[state]):,}", (sum(counts[state]), place), va="center", fontsize=8)
    axes.margins(x=0.18)
    axes.set_xlabel("decisions (dark: traded, light: not traded)", fontsize=8)
    axes.set_title("State", fontsize=9, loc="left")
    _plain(axes)


def _scatter(axes: Any, points: Sequence[tuple[float, float, bool]]) -> None:
    for right, colour, name in ((False, WRONG, "wrong"), (True, RIGHT, "right")):
        these = [point for point in points if point[2] is right]
        axes.scatter(
            [point[0] for point in these], [point[1] for point in these],
            s=7, alpha=0.5, color=colour, linewidths=0, label=f"{name} ({len(these):,})",
        )  # fmt: skip
    last = int(COMMON * (len(points) - 1))
    end = max(sorted(point[axis] for point in points)[last] for axis in (0, 1)) if points else 0
    end = 1.08 * end or 1.0
    axes.plot([0, end], [0, end], color="#8a9199", linewidth=0.8)
    axes.set_xlim(-0.02 * end, end)
    axes.set_ylim(-0.02 * end, end)
    axes.set_xlabel("worst excursion before the exit, % of entry (MAE)", fontsize=8)
    axes.set_ylabel("best excursion, % of entry (MFE)", fontsize=8)
    axes.set_title("Scored decisions; right means net of fees", fontsize=9, loc="left")
    if not points:
        axes.annotate("none is scored yet", (0.5, 0.55), xycoords="axes fraction", ha="center", fontsize=9)
    else:
        axes.legend(fontsize=8, framealpha=0.85, edgecolor="none", loc="upper right")
    _plain(axes)


def _plain(axes: Any) -> None:
    axes.tick_params(labelsize=8, length=2)
    axes.spines[["top", "right"]].set_visible(False)
