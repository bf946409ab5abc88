"""Timeframes of file names, and whether the rows keep what the name promises."""

from __future__ import annotations

import re

import numpy as np

from .columns import NotCandles

SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000


def duration(timeframe: str) -> int | None:
    """Length in ms of any `<n><s|m|h|d|w|M>` timeframe, a month with its longest; None when it is not one."""
    match = re.fullmatch(r"([1-9]\d{0,3})([smhdwM])", timeframe)
    if match is None:
        return None
    unit = {"s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY, "w": 7 * DAY, "M": 31 * DAY}[match[2]]
    return int(match[1]) * unit


def check_step(opened: np.ndarray, timeframe: str) -> None:
    """Most steps between neighbouring open times (ms, sorted, unique) must be one candle long.

    Raises:
        NotCandles: there are no rows, or the name lies.
    """
    if len(opened) == 0:
        raise NotCandles("no row with a readable time")
    steps = np.diff(opened)
    if len(steps) and timeframe != "1M":
        found, counts = np.unique(steps, return_counts=True)
        usual = int(found[counts.argmax()])
        if usual != duration(timeframe):
            raise NotCandles(f"named {timeframe} but its rows are {_human(usual)} apart")


def _human(milliseconds: int) -> str:
    for unit, length in (("d", DAY), ("h", HOUR), ("m", MINUTE), ("s", SECOND)):
        if milliseconds % length == 0:
            return f"{milliseconds // length}{unit}"
    return f"{milliseconds}ms"
