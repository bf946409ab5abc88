"""Made-up data for a first board: a seeded venue and seeded agents. Everything carries `exchange = 'sandbox'`."""

from .decisions import sandbox_decisions
from .prices import SandboxSource
from .trades import EXCHANGE, SANDBOX_AGENTS, SANDBOX_SYMBOLS, sandbox_trades
from .venue import SandboxVenue

__all__ = [
    "EXCHANGE",
    "SANDBOX_AGENTS",
    "SANDBOX_SYMBOLS",
    "SandboxSource",
    "SandboxVenue",
    "sandbox_decisions",
    "sandbox_trades",
]
