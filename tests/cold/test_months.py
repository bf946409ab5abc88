"""Months of ClickHouse in files: nothing lost, nothing doubled, whoever looks and whenever."""

from __future__ import annotations

import uuid

import pyarrow.parquet
import pytest

from dagster_project.lib.archive import parity, rows_check
from dagster_project.lib.archive.policies import policies as archive_policies
from dagster_project.lib.cold.errors import NotProven
from dagster_project.lib.cold.store import Folder
from dagster_project.settings import Settings

from .conftest import Cold

BOTH = [("2024-01/1", "1.25"), ("2024-01/2", "-7.000000000000000001"), ("2024-02/1", "1.25")]
ALL = [*BOTH, ("2024-02/2", "-7.000000000000000001")]


def test_a_month_that_is_due_is_in_a_sorted_file_and_readers_see_no_difference(cold: Cold) -> None:
    before = cold.client.query("SELECT * FROM trades_history ORDER BY id").result_rows

    outcome = cold.apply()

    assert (outcome.months, outcome.files, outcome.rows) == ([202401], 1, 2)
    assert cold.client.query("SELECT * FROM trades_history ORDER BY id").result_rows == before
    assert cold.stored() == 3, "two versions and one row of February"
    assert cold.states() == [(202401, 1, "dropped")]
    assert isinstance(cold.store, Folder)
    file = pyarrow.parquet.ParquetFile(cold.store.root / cold.file(202401).path)
    assert file.metadata.num_rows == 2
    assert file.read(["id"]).column("id").to_pylist() == ["2024-01/1", "2024-01/2"]
    column = file.metadata.row_group(0).column(0)
    assert (column.compression, column.is_stats_set) == ("ZSTD", True)
    assert any("DICTIONARY" in encoding for encoding in column.encodings)


def test_a_second_call_does_nothing(cold: Cold) -> None:
    cold.apply()
    second = cold.apply()
    assert (second.months, second.files, second.parts, second.leftovers) == ([], 0, 0, 0)


def test_a_late_row_and_a_correction_of_a_cold_month_are_seen_at_once_and_merged_later(cold: Cold) -> None:
    cold.apply()
    cold.trade("2024-01/3", "2024-01-20 00:00:00", "3")
    cold.trade("2024-01/1", "2024-01-01 10:00:00.123456", "9", "2024-03-01 00:00:00")
    expected = [("2024-01/1", "9"), ("2024-01/2", "-7.000000000000000001"), ("2024-01/3", "3"), *ALL[2:]]
    assert cold.trades() == expected

    outcome = cold.apply()

    assert (outcome.months, outcome.rows) == ([202401], 3)
    assert cold.trades() == expected
    assert cold.states() == [(202401, 1, "replaced"), (202401, 2, "dropped")]
    assert cold.stored() == 3


def test_an_older_version_that_comes_late_does_not_win(cold: Cold) -> None:
    cold.apply()
    cold.trade("2024-01/2", "2024-01-02 10:00:00.123456", "666", "2024-01-01 00:00:00")
    assert cold.trades() == ALL
    outcome = cold.apply()
    assert (outcome.files, outcome.parts) == (0, 1), "the file is right as it is"
    assert cold.trades() == ALL


def test_a_trade_that_moved_to_another_month_is_seen_once(cold: Cold) -> None:
    cold.apply()
    cold.trade("2024-01/1", "2024-02-20 00:00:00", "5", "2024-03-01 00:00:00")
    expected = [("2024-01/1", "5"), *ALL[1:]]
    assert cold.trades() == expected
    cold.apply()
    assert cold.trades() == expected
    assert cold.file(202401).side.rows == 1
    assert cold.trades("closed_at < '2024-02-01'") == [("2024-01/2", "-7.000000000000000001")]


def test_a_restored_month_does_not_show_again_what_has_moved_on(cold: Cold) -> None:
    cold.apply()
    cold.trade("2024-01/1", "2024-02-20 00:00:00", "5", "2024-03-01 00:00:00")
    wanted = cold.trades()
    cold.restore(202401)
    hidden = "SELECT toYYYYMM(closed_at), id FROM trades_history_versions WHERE status = 'moved'"
    assert cold.client.query(hidden).result_rows == [(202401, "2024-01/1")]
    assert cold.trades() == wanted
    cold.client.command("OPTIMIZE TABLE trades_history_versions FINAL")
    assert cold.trades() == wanted == [("2024-01/1", "5"), *ALL[1:]]


def test_a_file_that_lost_all_its_rows_is_no_longer_read(cold: Cold) -> None:
    cold.apply()
    for name in ("1", "2"):
        cold.trade(f"2024-01/{name}", "2024-02-20 00:00:00", "5", "2024-03-01 00:00:00")
    cold.apply()
    assert cold.states() == [(202401, 1, "replaced")]
    assert [row for row in cold.trades() if row[1] == "5"] == [("2024-01/1", "5"), ("2024-01/2", "5")]


def test_without_files_a_view_is_what_the_migrations_made_it(cold: Cold) -> None:
    def text() -> str:
        return str(cold.client.query("SHOW CREATE TABLE trades_history").result_rows[0][0])

    before = text()
    cold.apply()
    assert "trades_history_versions_as_one" in text()
    cold.restore(202401)
    assert text() == before


def test_a_row_that_comes_while_the_month_is_written_is_kept(cold: Cold, monkeypatch: pytest.MonkeyPatch) -> None:
    from dagster_project.lib.cold import engine

    late = iter(["cold_after_write", "cold_before_drop", "cold_mid_drop"])
    wanted = [next(late)]

    def reach(name: str) -> None:
        if name == wanted[0]:
            cold.trade(f"2024-01/{name}", "2024-01-20 00:00:00", "3")
            wanted[0] = next(late, "")

    monkeypatch.setattr(engine, "reach", reach)
    cold.apply()

    names = [name for name, _ in cold.trades("closed_at < '2024-02-01'")]
    assert names == sorted(
        ["2024-01/1", "2024-01/2", "2024-01/cold_after_write", "2024-01/cold_before_drop", "2024-01/cold_mid_drop"]
    )
    assert cold.file(202401).side.rows == 5
    assert cold.stored() == 3


def test_rows_that_never_stop_coming_drop_nothing(cold: Cold, monkeypatch: pytest.MonkeyPatch) -> None:
    from dagster_project.lib.cold import engine

    count = iter(range(1000))
    monkeypatch.setattr(
        engine,
        "reach",
        lambda name: name == "cold_after_write" and cold.trade(f"n{next(count)}", "2024-01-20 00:00:00", "3"),
    )
    with pytest.raises(NotProven, match="nothing was dropped"):
        cold.apply()
    monkeypatch.undo()
    assert len(cold.trades("closed_at < '2024-02-01'")) == 2 + next(count)
    assert cold.states() == []


def test_a_restored_month_is_in_clickhouse_and_stays_there(cold: Cold) -> None:
    cold.apply()
    assert cold.restore(202401).rows == 2
    assert cold.restore(202401).already
    assert cold.stored() == 5
    assert cold.trades() == ALL
    assert cold.apply().months == [], "held until it is named"
    assert cold.apply(month=202401).files == 1
    assert cold.states() == [(202401, 1, "replaced"), (202401, 2, "dropped")]
    assert cold.trades() == ALL


def test_a_late_row_survives_a_restore(cold: Cold) -> None:
    cold.apply()
    cold.trade("2024-01/1", "2024-01-01 10:00:00.123456", "9", "2024-03-01 00:00:00")
    cold.restore(202401)
    assert cold.trades()[0] == ("2024-01/1", "9")
    assert len(cold.trades()) == 4


def test_a_migration_that_makes_a_view_anew_does_not_hide_the_files(cold: Cold) -> None:
    from dagster_project import migrations

    original = str(cold.client.query("SHOW CREATE TABLE trades_history").result_rows[0][0])
    cold.apply()
    wanted = cold.trades()
    cold.client.command(original.replace("CREATE VIEW", "CREATE OR REPLACE VIEW", 1))
    assert len(cold.trades()) == 2
    migrations._show_cold_files(Settings(cold_url=str(cold.store.root)))  # type: ignore[attr-defined]
    assert cold.trades() == wanted


def test_an_older_version_in_a_month_that_stays_does_not_show_again(cold: Cold) -> None:
    cold.trade("moved", "2024-02-10 00:00:00", "1", "2024-02-10 00:00:00")
    cold.trade("moved", "2024-01-10 00:00:00", "2", "2024-02-11 00:00:00")
    wanted = cold.trades()
    assert ("moved", "2") in wanted
    cold.client.command("ALTER TABLE trades_history_versions UPDATE ingested_at = '2020-01-01' WHERE 1")
    cold.apply()
    assert cold.file(202401).side.rows == 3
    assert cold.trades() == wanted


def test_a_trade_that_moves_between_cold_months_is_in_one_file(cold: Cold) -> None:
    cold.now = cold.now.replace(month=4)
    for month in (202401, 202402):
        other = {202401: "2024-02", 202402: "2024-01"}[month]
        cold.apply()
        cold.trade(f"{str(month)[:4]}-{str(month)[4:]}/1", f"{other}-20 00:00:00", "5", "2024-03-01 00:00:00")
        wanted = cold.trades()
        assert len(wanted) == 4
        cold.apply()
        assert cold.trades() == wanted
        assert cold.stored() == 0
        cold.restore(202401)
        cold.restore(202402)
        assert cold.trades() == wanted
        for restored in (202401, 202402):
            cold.apply(month=restored)
            assert cold.trades() == wanted


def test_the_archive_finds_its_rows_in_files(cold: Cold) -> None:
    batch = "61f0c404-5cb3-11e7-907b-a6006ad3dba0"
    cold.client.command(f"ALTER TABLE trades_history_versions UPDATE archive_batch = '{batch}' WHERE 1")
    trades = archive_policies()["trades"]
    rows_check.rows(cold.client, trades, uuid.UUID(batch), ["2024-01/1"])
    before = parity._found(cold.client, trades)
    assert before[(batch, "2024-01-02")]["rows"] == 1
    cold.apply()
    assert cold.stored() == 3
    assert parity._found(cold.client, trades) == before
    assert rows_check.rows(cold.client, trades, uuid.UUID(batch), ["2024-01/1"])["2024-01/1"].batch == batch
