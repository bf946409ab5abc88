"""A function in a process of its own, forked from one that has done its imports: starting Python takes a second."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from typing import Any

# One server of forks per test process, for all victims.
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.assets.market.victim", "tests.cold.victim", "ccxt.async_support", "pyarrow"])


def run(function: Callable[..., None], *arguments: Any, seconds: float = 100, **environment: str) -> int | None:
    """Exit code of `function(environment, *arguments)`, the negative signal when it was killed, None when it hangs.

    Args:
        function: importable by name; sets its environment from its first argument.
        environment: variables beside those of this process.
    """
    process = _CONTEXT.Process(target=function, args=(dict(os.environ) | environment, *arguments))
    process.start()
    process.join(seconds)
    return process.exitcode
