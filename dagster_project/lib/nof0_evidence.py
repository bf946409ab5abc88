"""Whether a file of the arena can be a recording at all. Told by what it says, not by a hash of its bytes: a copy that
was formatted anew says the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from dagster_project.lib.nof0 import Kind, agent_id

# The arena's times have microseconds; even of times in whole seconds so many fall on whole hundreds once in 10**12.
_ROUND_TIMES = 6


@dataclass
class Evidence:
    """Whether a file can be a recording at all, from what its elements say. One element at a time."""

    kind: Kind
    times: int = 0
    round_times: bool = True
    orders: dict[str, str] = field(default_factory=dict)

    def note(self, element: Any) -> None:
        """Takes one element in."""
        if not isinstance(element, dict):
            return
        if self.kind.name == "conversations":
            listed = element.get("messages")
            stamps = (
                [one.get("timestamp") for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
            )
            self.times += len(stamps)
            self.round_times &= bool(stamps) and all(isinstance(one, int) and one % 100 == 0 for one in stamps)
        elif self.kind.name == "positions" and isinstance(element.get("positions"), dict):
            for position in element["positions"].values():
                if isinstance(position, dict) and position.get("entry_oid") is not None:
                    self.orders[str(position["entry_oid"])] = str(element.get("model_id"))

    def against(self, owners: Mapping[str, str]) -> str | None:
        """Why the file is made by hand, or None.

        Args:
            owners: order id -> agent, from the recorded files beside it.
        """
        if self.kind.name == "conversations" and self.times >= _ROUND_TIMES and self.round_times:
            return f"all {self.times} messages are of whole hundreds of seconds"
        for order, agent in self.orders.items():
            if owners.get(order, agent) != agent:
                return f"it gives {agent} the order {order}, which is {owners[order]}'s"
        return None


def order_owners(kind: Kind, element: Any) -> Iterator[tuple[str, str]]:
    """(entry order, agent) pairs that a recorded file knows."""
    agent = agent_id(kind, element)
    if agent is None:
        return
    if kind.name == "trades" and element.get("entry_oid") is not None:
        yield str(element["entry_oid"]), agent
    elif kind.name == "account-totals" and isinstance(element.get("positions"), dict):
        for position in element["positions"].values():
            if isinstance(position, dict) and position.get("entry_oid") is not None:
                yield str(position["entry_oid"]), agent
