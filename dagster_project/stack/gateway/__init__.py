"""ClickHouse over HTTP in front of the embedded engine (chdb): one process owns the data folder, others connect to it.

A door, not a second engine: the only SQL it reads is what it takes to find where an INSERT's data begins, which FORMAT
a result has, and which query a KILL names. See docs/gateway.md for what works and what an embedded single node cannot.
"""
