"""docs/data-model.md says what the migrated databases say."""

from __future__ import annotations

import os
from typing import Any

from click.testing import CliRunner

from dagster_project.settings import PROJECT_ROOT

PAGE = PROJECT_ROOT / "docs" / "data-model.md"


def test_the_page_is_what_the_databases_say(warehouse: Any, tmp_path: Any) -> None:
    from dagster_project.cli import main

    output = PAGE if os.environ.get("UPDATE_GOLDEN") else tmp_path / "page.md"
    done = CliRunner().invoke(main, ["data-model", "--output", str(output)])
    assert done.exit_code == 0, done.output
    assert output.read_text() == PAGE.read_text(), "run UPDATE_GOLDEN=1 make test or `candlehouse data-model`"
    assert "| `trades` | Round trips of agents" in PAGE.read_text()
