"""Whom or what an erasure is about. Pure."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any, Self

from dagster_project.lib.archive.policies import policy


@dataclass(frozen=True)
class Subject:
    """A user by id, or rows of an archive policy by their keys."""

    user: str | None = None
    policy: str | None = None
    keys: tuple[str, ...] = ()

    @classmethod
    def of_user(cls, user: str) -> Self:
        """A person, by users.id."""
        return cls(user=user)

    @classmethod
    def of_rows(cls, name: str, keys: tuple[str, ...]) -> Self:
        """Rows. Raises UnknownPolicy."""
        return cls(policy=policy(name).name, keys=tuple(sorted(set(keys))))

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        """As it is kept in ops.erasures."""
        return cls(stored.get("user"), stored.get("policy"), tuple(stored.get("keys", ())))

    def as_json(self) -> dict[str, Any]:
        """For ops.erasures."""
        return {"user": self.user} if self.user is not None else {"policy": self.policy, "keys": list(self.keys)}

    @property
    def digest(self) -> str:
        """SHA-256 of it: the same request is the same digest."""
        return hashlib.sha256(json.dumps(self.as_json(), sort_keys=True).encode()).hexdigest()

    def __str__(self) -> str:
        if self.user is not None:
            return f"user {self.user}"
        shown = ", ".join(self.keys[:3]) + (f" and {len(self.keys) - 3} more" if len(self.keys) > 3 else "")
        return f"{self.policy} {shown}"
