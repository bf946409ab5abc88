"""Named places at which a test may kill the process: `CANDLEHOUSE_CRASH_AT=mid_insert` sends SIGKILL to itself there.

`CANDLEHOUSE_CRASH_AT=mid_insert:3` dies at the third time that the place is reached.
"""

from __future__ import annotations

import os
import signal

# In the order of a pass; what is true at that moment.
CRASH_POINTS = {
    "before_pass": "the horizon of the pass is not stored",
    "before_snapshot": "nothing of the batch has been read",
    "after_plan": "keys and sums are known, nothing was sent",
    "after_hide": "versions in other months are hidden, nothing is sent",
    "before_insert": "the first line is read, the request is not sent",
    "mid_insert": "a part of the lines is sent",
    "after_insert": "ClickHouse has acknowledged, nothing was read back",
    "after_read_back": "both sides agree, nothing is written down",
    "after_manifest": "the manifest is written, not committed",
    "mid_mark": "manifest and marks are written, not committed",
    "after_commit": "the batch is archived, the pass goes on",
    "before_pass_end": "every batch is archived, the pass is not closed",
    "before_purge": "the batch of the purge is chosen",
    "mid_purge": "rows are deleted, not committed",
    "after_purge": "the purge of a part is committed",
}

_reached: dict[str, int] = {}


def reach(name: str) -> None:
    """Dies here if the environment says so; costs one dictionary look-up otherwise."""
    wanted = os.environ.get("CANDLEHOUSE_CRASH_AT")
    if wanted is None:
        return
    point, _, times = wanted.partition(":")
    if point == name:
        _reached[name] = _reached.get(name, 0) + 1
        if _reached[name] == int(times or 1):
            os.kill(os.getpid(), signal.SIGKILL)
