"""Moves rows from PostgreSQL to ClickHouse with proof, and lets nothing go without it. Start reading at engine.py."""
