"""What people read about policies is what the policies say."""

from __future__ import annotations

import os
import re
from datetime import timedelta

import pytest

from dagster_project.lib.archive.policies import policies
from dagster_project.lib.archive.policy_table import kept, span, table
from dagster_project.settings import PROJECT_ROOT

PAGE = PROJECT_ROOT / "docs" / "archive.md"
BLOCK = re.compile(r"(?<=<!-- policies -->\n).*?(?=\n<!-- end of policies -->)", re.DOTALL)


def test_the_page_shows_the_table_of_policies() -> None:
    page = PAGE.read_text()
    if os.environ.get("UPDATE_GOLDEN"):
        page = BLOCK.sub(lambda found: table(), page)
        PAGE.write_text(page)
    [shown] = BLOCK.findall(page)
    assert shown == table(), "UPDATE_GOLDEN=1 writes the table of docs/archive.md anew"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("trades", "until 24 hours after ClickHouse is proven to hold them"),
        ("price_ticks", "30 days, then until 24 hours after ClickHouse is proven to hold them"),
        ("trading_signals", "until `expires_at`, then until 24 hours after ClickHouse is proven to hold them"),
        ("account_equity_snapshots", "for ever; copied to ClickHouse with proof"),
    ],
)
def test_how_long_postgresql_keeps_a_row_in_words(name: str, said: str) -> None:
    assert kept(policies()[name]) == said


def test_lengths_of_time_in_words() -> None:
    assert [span(timedelta(hours=hours)) for hours in (1, 24, 48, 72, 720)] == [
        *("1 hour", "24 hours", "48 hours"),
        *("3 days", "30 days"),
    ]
