"""Vectors as sentence embeddings lie: a common direction, topics with subtopics, agents that have favourite topics.

Uniform noise would be no test: all of its distances are alike, so no index can tell near from far.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

TOPICS = 200
SUBTOPICS = 15
# Rank of the variation inside a subtopic. Text embeddings vary in some dozens of directions, not in all of them.
RANK = 40
# Share of an agent's memories that lie in its favourite topics, and how many those are.
FAVOURED = 0.8
FAVOURITES = 12


class Space:
    """A seeded space of embeddings. Equal arguments give equal vectors."""

    def __init__(self, dimensions: int, agents: int, seed: int = 1) -> None:
        self._draw = np.random.default_rng(seed)
        self.dimensions = dimensions
        self._common = self._directions(1)[0]
        self._topics = self._directions(TOPICS)
        self._subtopics = self._directions(TOPICS * SUBTOPICS)
        decay = (1 / np.sqrt(1 + np.arange(RANK))).astype(np.float32)
        self._basis = self._directions(RANK) * (decay / np.linalg.norm(decay))[:, None]
        self._favourites = self._draw.integers(0, TOPICS, (agents + 1, FAVOURITES))

    def reseed(self, seed: int) -> None:
        """Other draws from the same space: questions that are not among the memories."""
        self._draw = np.random.default_rng(seed)

    def _directions(self, count: int) -> NDArray[np.float32]:
        drawn = self._draw.standard_normal((count, self.dimensions), dtype=np.float32)
        return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)

    def of_agents(self, ranks: NDArray[np.int64], favoured: float = FAVOURED) -> NDArray[np.float32]:
        """One unit vector per agent in `ranks` (1 and up), shape (len(ranks), dimensions)."""
        count = len(ranks)
        topic = np.where(
            self._draw.random(count) < favoured,
            self._favourites[ranks, self._draw.integers(0, FAVOURITES, count)],
            self._draw.integers(0, TOPICS, count),
        )
        subtopic = topic * SUBTOPICS + self._draw.integers(0, SUBTOPICS, count)
        variation = self._draw.standard_normal((count, RANK), dtype=np.float32) @ self._basis
        noise = self._draw.standard_normal((count, self.dimensions), dtype=np.float32) / np.sqrt(self.dimensions)
        found = 0.4 * self._common + 0.5 * self._topics[topic] + 0.4 * self._subtopics[subtopic]
        found = found + 0.5 * variation + 0.2 * noise
        return (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32)


def text(vector: NDArray[np.float32]) -> str:
    """pgvector's text of a vector, with every digit of a float32."""
    return "[" + ",".join(map(repr, vector.tolist())) + "]"


def binary(vectors: NDArray[np.float32]) -> list[bytes]:
    """pgvector's binary COPY field of each row of `vectors`."""
    head = vectors.shape[1].to_bytes(2, "big") + b"\0\0"
    return [head + row.tobytes() for row in vectors.astype(">f4")]
