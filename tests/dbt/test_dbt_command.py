"""dbt inside this process: what it says when it fails, and one command at a time."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from dagster_project.defs.transform import command
from dagster_project.defs.transform.prepare import DBT_PROJECT


def arguments(name: str, target: Path, *more: str) -> list[str]:
    folders = ["--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT)]
    return [name, "--quiet", *folders, "--target-path", str(target), "--log-path", str(target), *more]


def test_a_command_that_dbt_refuses_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(command.DbtFailed, match=r"dbt parse failed: .*dbt_project\.yml") as caught:
        list(command.run([*arguments("parse", tmp_path), "--project-dir", str(tmp_path)]))
    assert "\n" not in str(caught.value)
    with pytest.raises(command.DbtFailed, match=r"dbt build failed: .*no-such-option"):
        list(command.run(arguments("build", tmp_path, "--no-such-option")))


def test_two_commands_wait_for_each_other(tmp_path: Path) -> None:
    """dbt keeps adapters and flags in globals: side by side, one would parse with the other's profile."""
    (tmp_path / "dbt_project.yml").write_text("name: small\nprofile: candlehouse\n")
    failures: list[BaseException] = []

    def parse(engine: str) -> None:
        one = arguments("parse", tmp_path / engine, "--target", engine, "--project-dir", str(tmp_path))
        try:
            assert list(command.run(one)) == []
        except BaseException as error:
            failures.append(error)

    both = [threading.Thread(target=parse, args=(engine,)) for engine in ("postgres", "clickhouse")]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert failures == []
    for engine in ("postgres", "clickhouse"):
        assert f'"adapter_type":"{engine}"' in (tmp_path / engine / "manifest.json").read_text().replace(": ", ":")
