"""A part of `candlehouse theatre archive`: some scenes on engines of its own, and that it sees what it must see."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import nullcontext

import pytest
from click.testing import CliRunner

from dagster_project.cli import main
from dagster_project.settings import PROJECT_ROOT
from dagster_project.stack.theatre import ground as grounds
from dagster_project.stack.theatre import scenes as listed
from dagster_project.stack.theatre import writers
from dagster_project.stack.theatre.ground import STORAGE, Ground
from dagster_project.stack.theatre.ledger import compare_apart
from dagster_project.stack.theatre.play import Result, Scene, Stage, perform
from dagster_project.stack.theatre.scenes import scenes

ROWS = 150
PLAYED = ("mid_insert", "mid_mark", "mid_purge", "clickhouse_dies_after_insert", "retry_after_window")


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    with Ground(tmp_path_factory.mktemp("theatre") / "home") as ground, pytest.MonkeyPatch.context() as patch:
        # A scene lasts as long as its four archivers take to start. Writers that wait for nothing use more of the
        # machine meanwhile than the archive that is tried.
        patch.setattr(writers, "PAUSE", 0.02)
        yield ground


@pytest.mark.parametrize("name", PLAYED)
def test_nothing_is_lost_or_doubled(ground: Ground, name: str) -> None:
    result = perform(ground, scenes()[name], ROWS, seed=1)
    assert (result.state, result.problems) == ("ok", [])
    assert (result.lost, result.doubled, result.equal) == (0, 0, True)
    assert result.rows > ROWS
    assert result.broken


DAMAGE = {
    "lost": f"ALTER TABLE {STORAGE} DELETE WHERE id = '{{victim}}'",
    "doubled": (
        f"INSERT INTO {STORAGE} SELECT * REPLACE ('other' AS agent_id) FROM {STORAGE} FINAL WHERE id = '{{victim}}'"
    ),
    "changed": (
        f"ALTER TABLE {STORAGE} UPDATE fee = fee + toDecimal128('0.000000000000000001', 18) WHERE id = '{{victim}}'"
    ),
}


def damage(ground: Ground, kind: str) -> None:
    """Does it to the row of one trade in ClickHouse, another one for every kind."""
    offset = list(DAMAGE).index(kind)
    victim = ground.client.command(
        f"SELECT id FROM trades_history WHERE fee IS NOT NULL ORDER BY id LIMIT 1 OFFSET {offset}"
    )
    ground.client.command(DAMAGE[kind].format(victim=victim), settings={"mutations_sync": 2})


def losing(stage: Stage) -> None:
    """A scene that ends the writers, archives and purges, and then loses a row."""
    stage.crowd.end()
    stage.run("--rounds=0")
    damage(stage.ground, "lost")


def test_damage_is_seen(ground: Ground) -> None:
    played: list[Stage] = []
    assert perform(ground, Scene("quiet", "", played.append), 100, seed=1).state == "ok"
    rows = played[0].crowd.ledger.rows()
    assert compare_apart(rows, ground.connection, ground.client).equal
    for kind in ("changed", "doubled", "lost"):
        damage(ground, kind)
        found = compare_apart(rows, ground.connection, ground.client)
        assert getattr(found, kind) > 0
        assert any(example.startswith(kind) for example in found.examples)
        assert not found.equal
    assert (found.lost, found.doubled) == (1, 1)


def test_a_scene_whose_fault_never_comes_fails(ground: Ground) -> None:
    def play(stage: Stage) -> None:
        stage.crash("mid_insert", 10_000)

    result = perform(ground, Scene("nothing", "", play), 100, seed=1)
    assert result.state == "failed"
    assert result.problems == ["mid_insert was not reached 10000 times: the archiver ended with 0"]


def test_the_command_fails_when_a_row_is_lost(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grounds, "Ground", lambda folder, progress: nullcontext(ground))
    monkeypatch.setattr(listed, "choose", lambda names: [Scene("losing", "", losing)])
    ended = CliRunner().invoke(main, ["theatre", "archive", "--rows", "100", "--json"])
    assert ended.exit_code == 1
    [result] = [Result(**entry) for entry in json.loads(ended.stdout)]
    assert (result.scene, result.state, result.lost) == ("losing", "failed", 1)


def test_every_crash_point_is_a_scene() -> None:
    from dagster_project.lib.archive.crash_points import CRASH_POINTS

    ended = CliRunner().invoke(main, ["theatre", "archive", "--list", "--json"])
    names = [entry["scene"] for entry in json.loads(ended.stdout)]
    assert set(CRASH_POINTS) <= set(names)
    assert len(names) == len(set(names))


def test_an_unknown_scene_is_one_line() -> None:
    ended = CliRunner().invoke(main, ["theatre", "archive", "--point", "nowhere"])
    assert ended.exit_code == 1
    assert ended.output.startswith("Error: no scene nowhere: choose from before_pass, ")
    assert len(ended.output.splitlines()) == 1


def test_the_page_lists_every_scene() -> None:
    page = (PROJECT_ROOT / "docs" / "theatre.md").read_text()
    rows = [f"| `{scene.name}` | {scene.proves} |" for scene in scenes().values()]
    assert [line for line in page.splitlines() if line.startswith("| `")] == rows
