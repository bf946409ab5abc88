"""Outcomes of decisions, traded or not, judged by the candles that followed: docs/outcomes.md."""
