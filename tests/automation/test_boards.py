"""When boards are compared, published and refreshed: the code location's own conditions, on an instance of events."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
import pytest

PARITY = dg.AssetKey(["postgres", "ops", "mart_parity"])
PUBLISHED = dg.AssetKey(["postgres", "nof0", "model_analytics"])
VIEW = dg.AssetKey(["postgres", "nof0", "v_leaderboard"])
LEADERBOARD = dg.AssetKey(["postgres", "analytics", "leaderboard"])
FIGURES = dg.AssetKey(["postgres", "analytics", "agent_analytics"])
WATCHED = dg.AssetSelection.assets(PARITY, PUBLISHED, VIEW)


@pytest.fixture(scope="module")
def loaded() -> dg.Definitions:
    from dagster_project.definitions import defs

    return defs()


class Clockwork:
    """Events as runs would leave them, and what the sensors ask for at each tick."""

    def __init__(self, loaded: dg.Definitions, instance: dg.DagsterInstance) -> None:
        self.loaded, self.instance = loaded, instance
        self.now = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
        self.cursor: Any = None
        graph = loaded.resolve_asset_graph()
        self.parents = {parent for key in (PARITY, PUBLISHED, VIEW) for parent in graph.get(key).parent_keys}
        for key in sorted(self.parents | {PARITY, PUBLISHED, VIEW}):
            self.made(key)
        self.checks(*(key for key in graph.asset_check_keys if key.asset_key in self.parents | {PARITY}))
        self.tick(5)

    def made(self, *keys: dg.AssetKey) -> None:
        for key in keys:
            self.instance.report_runless_asset_event(dg.AssetMaterialization(key))

    def checks(self, *keys: dg.AssetCheckKey, passed: bool = True) -> None:
        for key in keys:
            evaluation = dg.AssetCheckEvaluation(
                asset_key=key.asset_key, check_name=key.name, passed=passed, metadata={}, blocking=True
            )
            self.instance.report_runless_asset_event(evaluation)

    def tick(self, minutes: int = 1) -> set[dg.AssetKey]:
        """What is requested a minute later."""
        self.now += timedelta(minutes=minutes)
        result = dg.evaluate_automation_conditions(
            self.loaded, self.instance, asset_selection=WATCHED, evaluation_time=self.now, cursor=self.cursor
        )
        self.cursor = result.cursor
        return {key for key in (PARITY, PUBLISHED, VIEW) if result.get_num_requested(key)}


@pytest.fixture
def clockwork(loaded: dg.Definitions) -> Iterator[Clockwork]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield Clockwork(loaded, instance)


def test_new_marts_are_compared_and_nothing_is_published_before(clockwork: Clockwork) -> None:
    assert clockwork.tick() == set()
    clockwork.made(FIGURES)
    # In one run, in this order: a blocking check that fails ends it.
    assert clockwork.tick() == {PARITY, PUBLISHED, VIEW}
    # It failed without a comparison: the figures of this hour stay unpublished.
    assert clockwork.tick() == set()
    clockwork.made(PARITY)
    clockwork.checks(dg.AssetCheckKey(PARITY, "marts_agree"))
    assert clockwork.tick() >= {PUBLISHED, VIEW}


def test_warehouses_that_differ_publish_nothing(clockwork: Clockwork) -> None:
    clockwork.made(PARITY)
    clockwork.checks(dg.AssetCheckKey(PARITY, "marts_agree"), passed=False)
    assert clockwork.tick() == set()
    assert clockwork.tick(15) == set()
    clockwork.made(PARITY)
    clockwork.checks(dg.AssetCheckKey(PARITY, "marts_agree"))
    assert clockwork.tick() == {PUBLISHED, VIEW}


def test_a_mart_whose_test_failed_is_not_compared_and_so_not_published(clockwork: Clockwork) -> None:
    test = next(
        key
        for key in clockwork.loaded.resolve_asset_graph().asset_check_keys
        if key.asset_key == LEADERBOARD and key.name == "leaderboard_rows_hold"
    )
    clockwork.made(LEADERBOARD, FIGURES)
    clockwork.checks(test, passed=False)
    assert clockwork.tick() == set()
    clockwork.made(LEADERBOARD)
    clockwork.checks(test)
    assert PARITY in clockwork.tick()


def test_views_of_the_designs_are_refreshed_every_quarter_of_an_hour(clockwork: Clockwork) -> None:
    asked = [(clockwork.tick(5), f"{clockwork.now:%H:%M}") for _ in range(6)]
    assert asked == [({VIEW} if at in ("09:15", "09:30") else set(), at) for _, at in asked]
