"""Performance of agents hour by hour: docs/outcomes.md."""
