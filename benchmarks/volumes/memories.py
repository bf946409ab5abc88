"""Memories by binary COPY: words and vectors."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np
import psycopg

from benchmarks.volumes.agents import NAME, draw_ranks
from benchmarks.volumes.sizes import Sizes
from benchmarks.volumes.vectors import Space, binary

MODEL = "all-MiniLM-L6-v2"
BATCH = 20_000
CONTEXTS = (
    "{symbol} broke out of a {n}-hour range on rising volume while funding stayed flat; order book thin above",
    "{symbol} fell {n} percent after a large transfer to an exchange; sentiment was negative in all news sources",
    "{symbol} moved sideways with shrinking volatility for {n} hours; RSI near 50, no news of weight",
    "{symbol} rallied with the whole market after a macro release, RSI above {n}, open interest at a monthly high",
)
ACTIONS = ("Entered long with {n}x leverage", "Entered short with {n}x leverage", "Closed half of the position", "Held")
OUTCOMES = ("Profit of {n} percent within a day", "Loss of {n} percent, stop hit", "Break even after {n} hours")
LESSONS = (
    "Breakouts of {symbol} on rising volume hold when funding is flat: enter early, stop below the range",
    "Whale transfers to exchanges precede weakness of {symbol} by about {n} minutes: wait before buying the dip",
    "In quiet markets fees of {symbol} eat the edge: trade less than once in {n} hours",
)
COPY = """
COPY agent_semantic_memories (id, agent_id, context, action, outcome, lesson, embedding, embedding_model, importance,
access_count, created_at, updated_at) FROM STDIN (FORMAT binary)
"""


def load_memories(connection: psycopg.Connection[Any], sizes: Sizes, seed: int = 2) -> None:
    """`sizes.memories` rows, in the order of their time, as they would have been written."""
    draw, space = np.random.default_rng(seed), Space(sizes.dimensions, sizes.agents)
    now = datetime.now(UTC)
    age = np.sort(draw.random(sizes.memories))[::-1] * sizes.days * 86400
    with connection.cursor() as cursor, cursor.copy(COPY) as copy:
        # Binary COPY names no types: pgvector's field goes through as the bytes that it is.
        copy.set_types([*["text"] * 6, "bytea", "text", "numeric", "int4", "timestamptz", "timestamptz"])
        for start in range(0, sizes.memories, BATCH):
            count = min(BATCH, sizes.memories - start)
            ranks = draw_ranks(count, sizes.agents, draw)
            ids = draw.bytes(16 * count)
            picks = draw.integers(1, 60, (count, 2)).tolist()
            symbols = draw.choice(("BTC", "ETH", "SOL", "BNB", "DOGE", "XRP"), count)
            for row, vector_bytes in enumerate(binary(space.of_agents(ranks))):
                n, importance = picks[row]
                words = {"symbol": symbols[row], "n": n}
                created = now - timedelta(seconds=float(age[start + row]))
                copy.write_row(
                    (
                        str(UUID(bytes=ids[16 * row : 16 * row + 16])),
                        NAME.format(ranks[row]),
                        CONTEXTS[n % 4].format(**words),
                        ACTIONS[n % 4].format(**words),
                        OUTCOMES[n % 3].format(**words),
                        LESSONS[n % 3].format(**words),
                        vector_bytes,
                        MODEL,
                        Decimal(importance) / 100,
                        n % 7,
                        created,
                        created,
                    )
                )
