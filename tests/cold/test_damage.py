"""Files that were flipped, cut, lost or replaced: found by verify and by the drill, and never a reason to drop."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dagster_project.lib.cold.erase import ColdFiles
from dagster_project.lib.cold.errors import Damaged, NotProven
from dagster_project.lib.cold.restore import NotCold, drill, restorable
from dagster_project.lib.cold.store import Folder, StoreError, open_store

from .conftest import Cold


def place(cold: Cold, month: int = 202401) -> Path:
    """The file of a month."""
    assert isinstance(cold.store, Folder)
    return cold.store.root / cold.file(month).path


def flip(path: Path) -> None:
    """One bit in the middle."""
    body = bytearray(path.read_bytes())
    body[len(body) // 2] ^= 4
    path.write_bytes(body)


def cut(path: Path) -> None:
    """The second half is gone."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


DAMAGE: dict[str, Callable[[Path], None]] = {"flipped": flip, "cut": cut, "lost": Path.unlink}


@pytest.mark.parametrize("how", DAMAGE)
def test_a_damaged_file_fails_the_drill_and_the_restore(cold: Cold, how: str) -> None:
    cold.apply()
    good = drill(cold.connection, cold.client, cold.store, count=5, max_bytes=1)
    assert [(one.passed, one.rows) for one in good] == [(True, 2)]
    DAMAGE[how](place(cold))
    [bad] = drill(cold.connection, cold.client, cold.store, count=5, max_bytes=1)
    assert not bad.passed
    assert "missing" in str(bad.reason) if how == "lost" else "bytes" in str(bad.reason)
    with pytest.raises(Damaged):
        cold.restore(202401)
    assert cold.states() == [(202401, 1, "dropped")]
    row = cold.connection.execute("SELECT count(*), count(*) FILTER (WHERE passed) FROM ops.restore_drills").fetchone()
    assert row == (2, 1)


@pytest.mark.parametrize("how", DAMAGE)
def test_a_file_that_is_damaged_before_the_drop_drops_nothing(
    cold: Cold, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dagster_project.lib.cold import engine

    def reach(name: str) -> None:
        if name == "cold_before_drop":
            raise KeyboardInterrupt

    monkeypatch.setattr(engine, "reach", reach)
    with pytest.raises(KeyboardInterrupt):
        cold.apply()
    monkeypatch.undo()
    DAMAGE[how](place(cold))
    with pytest.raises(NotProven):
        cold.apply()
    assert cold.stored() == 6, "every version is still in ClickHouse"


def test_a_store_that_cannot_be_written_drops_nothing(cold: Cold, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    cold.store = open_store(str(tmp_path / "file" / "cold"))
    with pytest.raises(StoreError):
        cold.apply()
    assert cold.stored() == 6


def test_a_full_disk_drops_nothing_and_leaves_nothing(cold: Cold, monkeypatch: pytest.MonkeyPatch) -> None:
    import errno

    def full(path: str, blocks: object) -> None:
        raise StoreError("cold store: No space left on device") from OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(cold.store, "write", full)
    with pytest.raises(StoreError, match="No space"):
        cold.apply()
    monkeypatch.undo()
    assert cold.stored() == 6
    assert cold.store.paths("trades_history_versions") == []


def test_the_longest_untried_file_is_tried_first(cold: Cold) -> None:
    cold.now = cold.now.replace(month=4)
    cold.apply()
    tried = [
        one.month for _ in range(3) for one in drill(cold.connection, cold.client, cold.store, count=1, max_bytes=1)
    ]
    assert tried == [202401, 202402, 202401]


def test_a_month_that_is_in_no_file_is_one_line(cold: Cold) -> None:
    cold.apply()
    with pytest.raises(NotCold, match="no cold file of month 202212: in files are 202401"):
        restorable(cold.connection, "trades_history_versions", 202212)


@pytest.mark.parametrize("url", ["relative/path", "s3://key:secret@bucket/x", "ftp://x/y", "s3://b/p?colour=red"])
def test_a_wrong_url_is_one_line_without_the_secret(url: str) -> None:
    with pytest.raises(StoreError, match="CANDLEHOUSE_COLD_URL") as caught:
        open_store(url)
    assert "secret" not in str(caught.value)


def test_erasure_takes_rows_out_of_every_file(cold: Cold) -> None:
    cold.apply()
    old = place(cold)
    files = ColdFiles(cold.connection, cold.client, cold.store)
    assert files.view("trades_history") == "trades_history_versions_as_one"
    assert files.view("agents") is None
    assert files.count("trades_history", "id", ["2024-01/1", "2024-02/1"]) == 1

    assert files.erase("trades_history", "id", ["2024-01/1", "2024-02/1"]) == 1

    assert files.count("trades_history", "id", ["2024-01/1"]) == 0
    assert files.erase("trades_history", "id", ["2024-01/1"]) == 0
    assert not old.exists()
    assert [name for name, _ in cold.trades()] == ["2024-01/2", "2024-02/1", "2024-02/2"]
    assert cold.states() == [(202401, 1, "deleted"), (202401, 2, "dropped")]
    assert cold.apply().months == []
    assert files.erase("trades_history", "agent_id", ["a"]) == 1
    assert cold.states()[-1] == (202401, 2, "deleted")
    assert cold.store.paths("trades_history_versions") == []
    assert files.view("trades_history") is None
    assert [name for name, _ in cold.trades()] == ["2024-02/1", "2024-02/2"]
