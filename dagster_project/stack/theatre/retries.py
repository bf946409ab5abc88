"""Scenes in which the same batch is sent to ClickHouse once more."""

from __future__ import annotations

from dagster_project.stack.theatre.ground import STORAGE
from dagster_project.stack.theatre.play import Flop, Scene, Stage


def killed_with_a_batch_in_clickhouse(stage: Stage) -> str:
    """The archiver dies after an insert; writers hold still, so that the next try is the same batch. Returns its id."""
    stage.crowd.pause()
    stage.crash("after_insert")
    client = stage.ground.client
    batch = client.command(f"SELECT any(archive_batch) FROM {STORAGE}")
    if stored(stage, str(batch)) == 0:
        raise Flop("the archiver died after an insert, and ClickHouse has no row")
    return str(batch)


def stored(stage: Stage, batch: str) -> int:
    """Rows of a batch as ClickHouse stores them, doubled ones twice."""
    return int(
        stage.ground.client.query(
            f"SELECT count() FROM {STORAGE} WHERE archive_batch = {{batch:UUID}}", parameters={"batch": batch}
        ).result_rows[0][0]
    )


def retry_inside_window(stage: Stage) -> None:
    """ClickHouse still knows the token and swallows the second insert."""
    batch = killed_with_a_batch_in_clickhouse(stage)
    before = stored(stage, batch)
    stage.run(purge=False)
    if stored(stage, batch) != before:
        raise Flop(f"the token was not recognised: {before} rows became {stored(stage, batch)}")
    stage.broken(f"{before} rows sent twice, stored once")
    stage.check()


def retry_after_window(stage: Stage) -> None:
    """ClickHouse has forgotten the token, and stores the rows twice."""
    client = stage.ground.client
    client.command(f"SYSTEM STOP MERGES {STORAGE}")
    try:
        batch = killed_with_a_batch_in_clickhouse(stage)
        before = stored(stage, batch)
        with stage.without_window():
            stage.run(purge=False)
        if stored(stage, batch) != 2 * before:
            raise Flop(f"the rows were not stored twice: {before} became {stored(stage, batch)}")
        stage.broken(f"{before} rows stored twice")
        stage.check()
    finally:
        client.command(f"SYSTEM START MERGES {STORAGE}")


def resent_after_delete(stage: Stage) -> None:
    """The rows were deleted in ClickHouse, the token is still known: an acknowledged insert of nothing."""
    batch = killed_with_a_batch_in_clickhouse(stage)
    before = stored(stage, batch)
    stage.ground.client.command(f"ALTER TABLE {STORAGE} DELETE WHERE true", settings={"mutations_sync": 2})
    stage.run(purge=False)
    if stored(stage, batch) != before:
        raise Flop(f"{before} rows were deleted and sent again, {stored(stage, batch)} are there")
    stage.broken(f"{before} rows deleted, then sent again")
    stage.check()


SCENES = [
    Scene("retry_inside_window", "A retry that ClickHouse recognises stores nothing twice.", retry_inside_window),
    Scene(
        "retry_after_window",
        "A retry after the deduplication window is stored twice, counted once, shown once.",
        retry_after_window,
    ),
    Scene(
        "resent_after_delete",
        "A retry that ClickHouse swallows although its rows are gone is noticed and sent under another token.",
        resent_after_delete,
    ),
]
