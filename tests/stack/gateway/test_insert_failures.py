"""A streamed INSERT that the engine parses and then cannot store must be an error."""

from __future__ import annotations

from tests.stack.gateway.conftest import Http


def test_a_violated_constraint_is_an_error(http: Http) -> None:
    http.run("CREATE OR REPLACE TABLE small (n Int32, CONSTRAINT few CHECK n < 5) ENGINE = MergeTree ORDER BY n")
    answer = http.post("INSERT INTO small FORMAT TabSeparated", body=b"4\n5\n")
    assert (answer.status_code, answer.headers.get("x-clickhouse-exception-code")) == (500, "469")
    assert http.text("SELECT count() FROM small") == "0"


def test_a_failing_materialized_view_is_an_error(http: Http) -> None:
    http.run(
        "CREATE OR REPLACE TABLE origin (n Int32) ENGINE = MergeTree ORDER BY n",
        "CREATE OR REPLACE TABLE copied (n Int32) ENGINE = MergeTree ORDER BY n",
        "DROP VIEW IF EXISTS copying",
        "CREATE MATERIALIZED VIEW copying TO copied AS SELECT n + throwIf(n = 5) AS n FROM origin",
    )
    answer = http.post("INSERT INTO origin FORMAT TabSeparated", body=b"4\n5\n")
    assert (answer.status_code, answer.headers.get("x-clickhouse-exception-code")) == (500, "395")
