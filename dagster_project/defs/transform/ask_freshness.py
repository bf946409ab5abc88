"""Asks both warehouses how fresh their sources are. No Dagster here: the command line asks too."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from dagster_project.defs.transform import command
from dagster_project.defs.transform.parsed import parsed
from dagster_project.defs.transform.prepare import DBT_PROJECT, Engine, manifest_path
from dagster_project.lib.source_freshness import Freshness, read

if TYPE_CHECKING:
    from dagster_project.settings import Settings

SETTLED = timedelta(days=3)


def watched(engine: Engine) -> list[dict[str, Any]]:
    """The sources of the dbt project, as in its manifest, that have a limit of age."""
    sources = json.loads(manifest_path(engine).read_bytes())["sources"].values()
    limits = ((source["config"].get("freshness") or {}).get("warn_after") or {} for source in sources)
    return [source for source, limit in zip(sources, limits, strict=True) if limit.get("count")]


def ask(engine: Engine, settings: Settings) -> list[Freshness]:
    """Runs `dbt source freshness` on one engine.

    Raises:
        DbtFailed: dbt did not start. A source that cannot be read is in the answer.
    """
    from filelock import FileLock

    # Not the folder of builds, which has a lock of its own.
    target = settings.home / "dbt" / f"{engine}-freshness"
    target.mkdir(parents=True, exist_ok=True)
    answer = target / "sources.json"
    with FileLock(target / "ask.lock"):
        answer.unlink(missing_ok=True)
        variables = settings.dbt_environment()
        try:
            list(
                command.run(
                    [
                        *("source", "freshness", "--target", engine, "--log-level", "none", "--no-use-colors"),
                        *("--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT)),
                        *("--target-path", str(target), "--log-path", str(target), "--output", str(answer)),
                    ],
                    variables,
                    parsed(engine, variables),
                )
            )
        except command.DbtFailed as failed:
            if not answer.exists():
                raise
            why = str(failed)
        else:
            why = "dbt left it out"
        found = read(answer)
    # dbt's file has only what could be read.
    lost = {source["name"] for source in watched(engine)} - {one.table for one in found}
    return found + [Freshness(table, None, None, None, why) for table in sorted(lost)]


def excuse(answer: Freshness, settings: Settings) -> str | None:
    """Why an old source is as it should be: nothing new can come where every configured market is a recording."""
    if answer.table != "hourly_candles" or answer.age is None or answer.age < timedelta(0):
        return None
    end = settings.market_end
    return "recordings of the past" if end and end < (datetime.now(UTC) - SETTLED).date() else None
