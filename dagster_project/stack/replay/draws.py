"""Seeded yes/no decisions that do not depend on the order in which they are asked for."""

from __future__ import annotations

from hashlib import blake2b

import numpy as np


def key(*parts: object) -> np.uint64:
    """A 64-bit key of any parts; the same on every machine and in every run."""
    digest = blake2b("\x1f".join(map(str, parts)).encode(), digest_size=8).digest()
    return np.uint64(int.from_bytes(digest, "little"))


def mix(values: np.ndarray) -> np.ndarray:
    """splitmix64: well-mixed 64-bit integers from any 64-bit integers."""
    with np.errstate(over="ignore"):
        x = values.astype("u8") + np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return x ^ (x >> np.uint64(31))


def uniform(salt: np.uint64, numbers: np.ndarray) -> np.ndarray:
    """One double in [0, 1) for each integer in `numbers`, drawn for `salt`."""
    mixed = mix(mix(numbers.astype("i8").view("u8")) ^ salt)
    return (mixed >> np.uint64(11)) * 2.0**-53


def chance(*parts: object) -> float:
    """One double in [0, 1) for these parts."""
    return float(uniform(key(*parts), np.zeros(1, "i8"))[0])
