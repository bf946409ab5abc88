"""When a hole in the candles is the venue's truth, and what state that leaves a day in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dagster_project.lib.candles.windows import Range

GapState = Literal["missing", "confirmed_empty", "unavailable"]
WindowState = Literal["complete", "confirmed_empty", "open", "partial", "missing", "failed"]

NOTHING_LATER = "the venue has no later candle"
ROW_REFUSED = "the venue's row was refused: see ops.quarantine"
NOT_OFTEN_ENOUGH = "the venue skipped it, but not often enough to be sure"
VENUE_SKIPS_IT = "the venue went on to later candles without it"
TOO_OLD = "older than what the venue keeps"


@dataclass(frozen=True)
class Rule:
    """How sure we want to be before a hole counts as the venue's truth.

    Args:
        answers: how many answers must have gone past the hole without filling it.
        age: how long ago (ms) the hole's last candle must have closed; a venue under load fills holes late.
    """

    answers: int = 3
    age: int = 3_600_000


@dataclass(frozen=True)
class Gap:
    """A run of candles that are not stored, within one UTC day. Times in epoch ms."""

    range: Range
    state: GapState
    cause: str
    answers: int
    first_seen: int
    checked: int


def judge(gap: Range, answers: int, now: int, rule: Rule, *, refused: bool) -> tuple[GapState, str]:
    """State and cause of a hole after `answers` answers went past it.

    Args:
        now: epoch ms, the slower of both clocks.
        refused: whether the venue sent a row in the hole that could not be taken.
    """
    if refused:
        return "missing", ROW_REFUSED
    if answers == 0:
        return "missing", NOTHING_LATER
    if answers < rule.answers or now - gap.end < rule.age:
        return "missing", NOT_OFTEN_ENOUGH
    return "confirmed_empty", VENUE_SKIPS_IT


def window_state(*, expected: int, got: int, empty: int, over: bool, failed: bool) -> WindowState:
    """State of a day from its counts.

    Args:
        expected: candles that are closed by now.
        got: candles stored.
        empty: candles that the venue does not have.
        over: whether the whole day is closed.
        failed: whether the venue could not be asked about all of it.
    """
    if got + empty >= expected:
        if not over:
            return "open"
        return "complete" if got or not empty else "confirmed_empty"
    if failed:
        return "failed"
    return "partial" if got else "missing"
