"""All archive policies at a glance: one table, one plot, and numbers that the Dagster UI draws over time."""

import base64
import io
from datetime import datetime, timedelta
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import dagster as dg

from dagster_project.defs.upkeep.archive import asset_key
from dagster_project.defs.upkeep.assets import OWNERS
from dagster_project.lib.archive.policies import policies
from dagster_project.resources.clickhouse import ClickHouseResource
from dagster_project.resources.postgres import PostgresResource

if TYPE_CHECKING:
    from dagster_project.lib.archive.state import State

ARCHIVE_STATE = dg.AssetKey(["postgres", "ops", "archive_state"])
LATELY = timedelta(days=7)


@dg.asset(
    key=ARCHIVE_STATE,
    deps=[asset_key(policy) for policy in policies().values()],
    description="How every archive policy stands: backlog, last proof, rows archived, purged and in quarantine. The"
    " Dagster UI draws the numbers over time: Overview, Metadata, Plots.",
    group_name="upkeep",
    kinds={"postgres", "clickhouse", "python"},
    owners=OWNERS,
    pool="clickhouse",
)
def archive_state(postgres: PostgresResource, clickhouse: ClickHouseResource) -> dg.MaterializeResult:
    """Looks; changes nothing."""
    from dagster_project.lib.archive.state import hours, states

    with postgres.connect(autocommit=True) as connection, clickhouse.client() as client:
        found = states(connection, client)
        moved = hours(connection, LATELY)
    metadata: dict[str, Any] = {
        "policies": dg.MetadataValue.md(_table(found)),
        "backlog": sum(state.backlog for state in found),
        "rows_archived": sum(state.archived for state in found),
        "rows_purged": sum(state.purged for state in found),
        "rows_quarantined": sum(state.quarantined for state in found),
        "manifests_failed_in_24_hours": sum(state.failed for state in found),
    }
    for state in found:
        metadata[f"backlog_{state.policy}"] = state.backlog
        if state.proof_age is not None:
            metadata[f"seconds_since_last_proof_{state.policy}"] = round(state.proof_age, 1)
    if moved:
        metadata["archived_lately"] = dg.MetadataValue.md(f"![archived](data:image/png;base64,{moved_png(moved)})")
    return dg.MaterializeResult(metadata=metadata)


def _table(found: list["State"]) -> str:
    lines = [
        "| policy | backlog | last proof (UTC) | archived | purged | past grace | quarantined | trouble |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for state in found:
        proof = f"{state.proven_at:%m-%d %H:%M}" if state.proven_at else "none"
        numbers = [f"{number:,}" for number in (state.archived, state.purged, state.to_purge, state.quarantined)]
        failed = f"{state.failed} manifests failed in 24 hours" if state.failed else ""
        trouble = (state.trouble or failed).replace("\n", "; ").replace("|", "/")
        lines.append(f"| {state.policy} | {state.backlog:,} | {proof} | {' | '.join(numbers)} | {trouble} |")
    return "\n".join(lines)


def moved_png(moved: dict[str, list[tuple[datetime, int]]]) -> str:
    """Rows archived, added up over the last days, one line per policy. Base64 of a PNG."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 3), dpi=90, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    for policy, taken in moved.items():
        times = date2num([hour for hour, _ in taken])
        axes.step(times, list(accumulate(rows for _, rows in taken)), where="post", label=policy, marker=".")
    axes.set_ylim(bottom=0)
    axes.xaxis.set_major_locator(locator := AutoDateLocator())
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    axes.tick_params(labelsize=7)
    axes.set_xlabel(f"UTC hour; rows archived with proof in {LATELY.days} days, added up", fontsize=7)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(fontsize=7, frameon=False)
    image = io.BytesIO()
    figure.savefig(image, format="png")
    return base64.b64encode(image.getvalue()).decode()
