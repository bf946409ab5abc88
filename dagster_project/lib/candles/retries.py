"""Which errors of a venue are worth another try, by ccxt's exception tree."""

from __future__ import annotations

import random
from collections.abc import Mapping

FIRST_WAIT = 0.5
LONGEST_WAIT = 60.0


def worth_retrying(error: BaseException) -> bool:
    """True for what passes by itself: network trouble, rate limits, maintenance, answers that cannot be read.

    A wrong symbol, a wrong request, missing rights or an unsupported call come back the same every time.
    """
    import aiohttp
    import ccxt

    # ccxt 4.5 raises a plain ExchangeError for a connection that dies in the middle of a body.
    return isinstance(error, ccxt.OperationFailed) or isinstance(error.__cause__, aiohttp.ClientError)


def retry_after(headers: Mapping[str, str] | None) -> float | None:
    """Seconds that the venue asks to wait; None when it does not say ."""
    for name, value in (headers or {}).items():
        if name.lower() == "retry-after":
            try:
                return max(0.0, float(value))
            except ValueError:
                return None
    return None


def wait_seconds(attempt: int, asked: float | None = None, jitter: float | None = None) -> float:
    """Seconds before try number `attempt + 1`: doubling from half a second, with up to 25% jitter, at most a minute.

    Args:
        attempt: how many tries have failed, from 1.
        asked: what the venue asked for; never undercut, not even by the limit of a minute.
        jitter: 0..1, drawn when None.
    """
    share = random.random() if jitter is None else jitter  # noqa: S311  spreads load, guards nothing
    backoff = min(LONGEST_WAIT, FIRST_WAIT * 2 ** (attempt - 1)) * (1 + share / 4)
    return backoff if asked is None else max(asked * (1 + share / 20), min(backoff, asked + 1))


def one_line(error: BaseException) -> str:
    """The error in one line of at most 200 characters, with its class."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}"[:200] if text else type(error).__name__
