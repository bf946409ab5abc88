"""Binance's request weights: a budget per minute and address, 429 when it is spent, a ban when that is ignored."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Refusal:
    """Why a request is not answered: 429 or 418, and how long to wait."""

    status: int
    retry_after: int
    message: str


@dataclass
class _Caller:
    window: int = -1
    used: int = 0
    wait_until: float = 0.0
    ignored: int = 0
    banned_until: float = 0.0


@dataclass
class Weights:
    """The weight that each address has used in this minute.

    `limit` is Binance's 6,000 unless given (0: no limit); `ban_after` requests during a Retry-After lead to a 418 for
    `ban_seconds` (Binance: two minutes to three days, growing).
    """

    limit: int = 6_000
    window_seconds: float = 60.0
    ban_after: int = 3
    ban_seconds: float = 120.0
    clock: Callable[[], float] = time.time
    _callers: dict[str, _Caller] = field(default_factory=dict)

    def spend(self, address: str, weight: int) -> tuple[int, Refusal | None]:
        """Count one request; gives the weight used so far in this window, and the refusal if there is one."""
        now = self.clock()
        caller = self._callers.setdefault(address, _Caller())
        window = int(now // self.window_seconds)
        if window != caller.window:
            caller.window, caller.used = window, 0
        caller.used += weight
        if now < caller.banned_until:
            return caller.used, self._banned(caller, now)
        if now < caller.wait_until:
            caller.ignored += 1
            if caller.ignored >= self.ban_after:
                caller.banned_until, caller.ignored = now + self.ban_seconds, 0
                return caller.used, self._banned(caller, now)
            return caller.used, self._limited(caller, now)
        caller.ignored = 0
        if self.limit and caller.used > self.limit:
            return caller.used, self.hold(address, (window + 1) * self.window_seconds - now)
        return caller.used, None

    def hold(self, address: str, seconds: float) -> Refusal:
        """Make an address wait, as after a spent budget."""
        now = self.clock()
        caller = self._callers.setdefault(address, _Caller())
        caller.wait_until = max(caller.wait_until, now + seconds)
        return self._limited(caller, now)

    def _limited(self, caller: _Caller, now: float) -> Refusal:
        text = (
            f"Too much request weight used; current limit is {self.limit or 6_000} request weight per 1 MINUTE. "
            "Please use WebSocket Streams for live updates to avoid polling the API."
        )
        return Refusal(429, max(1, math.ceil(caller.wait_until - now)), text)

    def _banned(self, caller: _Caller, now: float) -> Refusal:
        text = (
            f"Way too much request weight used; IP banned until {round(caller.banned_until * 1000)}. "
            "Please use WebSocket Streams for live updates to avoid bans."
        )
        return Refusal(418, max(1, math.ceil(caller.banned_until - now)), text)
