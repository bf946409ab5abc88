"""A person's data, or single rows, deleted on request: in PostgreSQL, ClickHouse and the cold files, with a manifest.

Start reading at erase.py (what happens when) and holdings.py (what belongs to a person).
"""
