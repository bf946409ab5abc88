"""Where the query is, what its parameters, settings and formats do."""

from __future__ import annotations

import json

import httpx
import pytest

from tests.stack.gateway.conftest import Http


def test_query_in_url_in_body_and_split(http: Http) -> None:
    assert http.get("SELECT 1 + 1").text == "2\n"
    assert http.post("SELECT 1 + 1").text == "2\n"
    assert http.post("SELECT 1 +", body=b"1").text == "2\n"


def test_query_that_is_not_utf8_keeps_its_bytes(http: Http) -> None:
    assert http.post(b"SELECT hex('\xff\xfe')").text == "FFFE\n"


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("Int64", "-5", "-5"),
        ("Float64", "1.5", "1.5"),
        ("Decimal(38, 18)", "0.000000000000000001", "0.000000000000000001"),
        ("String", "it's", "it\\'s"),
        ("String", "tab\\tnew\\nline\\\\", "tab\\tnew\\nline\\\\"),
        ("String", "é\u2713", "é\u2713"),
        ("Nullable(String)", "\\N", "\\N"),
        ("Date", "2024-02-29", "2024-02-29"),
        ("DateTime64(3, 'UTC')", "2024-01-02 03:04:05.678", "2024-01-02 03:04:05.678"),
        ("UUID", "61f0c404-5cb3-11e7-907b-a6006ad3dba0", "61f0c404-5cb3-11e7-907b-a6006ad3dba0"),
        ("Bool", "true", "true"),
        ("Array(String)", "['a','it\\'s']", "['a','it\\'s']"),
        ("Array(Nullable(Int8))", "[1,NULL]", "[1,NULL]"),
        ("Map(String, UInt8)", "{'a':1,'b':2}", "{'a':1,'b':2}"),
        ("Tuple(Int8, String)", "(1,'x')", "(1,'x')"),
        ("Array(DateTime)", "['2024-01-02 03:04:05']", "['2024-01-02 03:04:05']"),
    ],
)
def test_parameters_of_every_kind(http: Http, kind: str, value: str, expected: str) -> None:
    assert http.text(f"SELECT {{x:{kind}}}", param_x=value) == expected


def test_parameter_names_identifiers_and_never_the_query(http: Http, table: str) -> None:
    http.run(f"INSERT INTO {table} VALUES (1, 'a')")
    assert http.text("SELECT s FROM {t:Identifier}", param_t=table) == "a"
    assert http.text("SELECT {x:String}", param_x="'; DROP TABLE x; --") == "\\'; DROP TABLE x; --"
    assert http.text("SELECT {a$b:Int8}", **{"param_a$b": "3"}) == "3"


def test_parameter_that_is_missing_or_wrong(http: Http) -> None:
    assert http.post("SELECT {x:Int8}").headers["X-ClickHouse-Exception-Code"] == "456"
    assert http.post("SELECT {x:Int8}", param_x="abc").status_code != 200


def test_settings_do_not_leak_to_the_next_query(http: Http) -> None:
    ask = "SELECT getSetting('max_block_size'), getSetting('join_use_nulls')"
    before = http.text(ask)
    assert http.text(ask, max_block_size=77, join_use_nulls=1) == "77\ttrue"
    http.run("SET max_block_size = 55")
    assert http.text(ask) == before


def test_setting_with_quotes_and_unknown_setting(http: Http) -> None:
    assert http.text("SELECT getSetting('log_comment')", log_comment="it's \\ here") == "it\\'s \\\\ here"
    answer = http.post("SELECT 1", no_such_setting=1)
    assert (answer.status_code, answer.headers["X-ClickHouse-Exception-Code"]) == (404, "115")


def test_result_limits_are_enforced(http: Http) -> None:
    answer = http.post("SELECT number FROM numbers(1000)", max_result_rows=10, max_block_size=5)
    assert answer.headers["X-ClickHouse-Exception-Code"] == "396"


def test_database_in_url_and_header(http: Http) -> None:
    http.run("CREATE DATABASE IF NOT EXISTS `other-db`")
    assert http.text("SELECT currentDatabase()", database="other-db") == "other-db"
    assert http.post("SELECT currentDatabase()", headers={"X-ClickHouse-Database": "other-db"}).text == "other-db\n"
    assert http.text("SELECT currentDatabase()") == "default"
    answer = http.post("SELECT 1", database="nowhere")
    assert (answer.status_code, answer.headers["X-ClickHouse-Exception-Code"]) == (404, "81")


def test_formats_by_clause_header_and_parameter(http: Http) -> None:
    by_clause = http.post("SELECT 1 AS x FORMAT JSONEachRow")
    assert by_clause.text == '{"x":1}\n'
    assert by_clause.headers["X-ClickHouse-Format"] == "JSONEachRow"
    assert by_clause.headers["Content-Type"] == "application/x-ndjson; charset=UTF-8"
    assert http.post("SELECT 1 AS x", default_format="JSONEachRow").text == '{"x":1}\n'
    assert http.post("SELECT 1 AS x", headers={"X-ClickHouse-Format": "CSVWithNames"}).text == '"x"\n1\n'
    plain = http.post("SELECT 1")
    assert plain.headers["X-ClickHouse-Format"] == "TabSeparated"
    assert plain.headers["Content-Type"] == "text/tab-separated-values; charset=UTF-8"
    assert http.post("SHOW DATABASES", default_format="JSON").json()["meta"][0]["name"] == "name"
    assert http.post("SELECT 1", default_format="Nonsense").headers["X-ClickHouse-Exception-Code"] == "73"


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT format FROM (SELECT 1 AS format)",
        "SELECT 'x FORMAT JSON'",
        "SELECT 1 -- FORMAT JSON",
        "SELECT 1 /* FORMAT JSON */;",
        "SELECT 1 AS `FORMAT JSON`",
        "SELECT 1 FORMAT TSV ; -- bye",
        "SELECT 1 SETTINGS max_threads = 1 FORMAT TSV",
        "SELECT 1 FORMAT TSV SETTINGS max_threads = 1",
        "(SELECT 1)",
        "WITH 1 AS x SELECT x",
        "FROM (SELECT 1 AS a) SELECT a",
        "-- note\nSELECT 1",
        "SELECT format('{}', 1)",
    ],
)
def test_the_word_format_elsewhere_is_not_a_clause(http: Http, sql: str) -> None:
    answer = http.post(sql)
    assert answer.status_code == 200, answer.text
    assert answer.headers["X-ClickHouse-Format"] in ("TSV", "TabSeparated")
    assert http.post(sql.replace("FORMAT TSV", ""), default_format="JSONCompact").json()["rows"] == 1


@pytest.mark.parametrize("form", ["JSON", "JSONCompact", "CSVWithNames", "Parquet", "ArrowStream", "XML", "Native"])
def test_large_results_have_one_beginning_and_one_end(http: Http, form: str) -> None:
    """chdb's stream writes a whole document per block; a reader needs one for all of them."""
    answer = http.get(f"SELECT number FROM numbers(300000) FORMAT {form}", enable_http_compression=0)
    data = answer.content
    match form:
        case "JSON" | "JSONCompact":
            assert len(json.loads(data)["data"]) == 300_000
        case "CSVWithNames":
            assert data.count(b"number") == 1
            assert data.count(b"\n") == 300_001
        case "Parquet":
            import io

            import pyarrow.parquet as pq

            assert pq.read_table(io.BytesIO(data)).num_rows == 300_000
        case "ArrowStream":
            import pyarrow as pa

            assert pa.ipc.open_stream(data).read_all().num_rows == 300_000
        case "XML":
            assert data.count(b"</result>") == 1
        case "Native":
            assert len(data) > 300_000 * 8


def test_totals_and_limit_zero(http: Http) -> None:
    totals = http.text("SELECT number % 2 AS k, count() FROM numbers(10) GROUP BY k WITH TOTALS ORDER BY k")
    assert totals == "0\t5\n1\t5\n\n0\t10"
    assert http.post("SELECT 1 AS a LIMIT 0").text == ""
    assert http.post("SELECT 1 AS a LIMIT 0 FORMAT TSVWithNames").text == "a\n"
    nothing = http.post("SELECT 1 AS a LIMIT 0 FORMAT JSON").json()
    assert (nothing["meta"], nothing["rows"]) == ([{"name": "a", "type": "UInt8"}], 0)


def test_summary_counts_what_was_read_and_written(http: Http, table: str) -> None:
    http.run(f"INSERT INTO {table} SELECT number, '' FROM numbers(1000)")
    read = json.loads(http.post(f"SELECT sum(n) FROM {table}").headers["X-ClickHouse-Summary"])
    assert (read["read_rows"], read["result_rows"], read["written_rows"]) == ("1000", "1", "0")
    assert int(read["elapsed_ns"]) > 0
    copied = json.loads(http.post(f"INSERT INTO {table} SELECT * FROM {table}").headers["X-ClickHouse-Summary"])
    assert (copied["read_rows"], copied["written_rows"]) == ("1000", "1000")
    sent = http.post(f"INSERT INTO {table} FORMAT TSV", body=b"1\ta\n2\tb\n")
    assert json.loads(sent.headers["X-ClickHouse-Summary"])["written_rows"] == "2"
    as_json = json.loads(http.post(f"SELECT n FROM {table} FORMAT JSON").headers["X-ClickHouse-Summary"])
    assert as_json["read_rows"] == "2002"


def test_headers_of_every_answer(http: Http) -> None:
    answer = http.post("SELECT 1", query_id="my-own-id")
    assert answer.headers["X-ClickHouse-Query-Id"] == "my-own-id"
    assert answer.headers["X-ClickHouse-Timezone"] == "UTC"
    assert answer.headers["X-ClickHouse-Server-Display-Name"]
    assert len(http.post("SELECT 1").headers["X-ClickHouse-Query-Id"]) == 36


def test_get_cannot_write_and_head_has_no_body(http: Http, table: str) -> None:
    answer = http.get(f"INSERT INTO {table} VALUES (1, 'a')")
    assert answer.headers["X-ClickHouse-Exception-Code"] == "164"
    assert http.get(f"DROP TABLE {table}").headers["X-ClickHouse-Exception-Code"] == "164"
    assert http.text(f"SELECT count() FROM {table}") == "0"
    assert http.get("SELECT getSetting('max_threads')", max_threads=1).text == "1\n"
    head = http.client.head("/", params={"query": "SELECT 1"})
    assert (head.status_code, head.content) == (200, b"")


def test_several_statements_and_files_are_refused(http: Http) -> None:
    assert http.post("SELECT 1; SELECT 2").headers["X-ClickHouse-Exception-Code"] == "62"
    refused = http.post("SELECT 1 INTO OUTFILE '/tmp/x.csv'")
    assert refused.headers["X-ClickHouse-Exception-Code"] == "358"
    assert http.post("INSERT INTO t FROM INFILE '/etc/passwd' FORMAT CSV").status_code != 200
    assert http.post("").headers["X-ClickHouse-Exception-Code"] == "62"


def test_post_without_length_is_411(http: Http) -> None:
    request = http.client.build_request("POST", "/", params={"query": "SELECT 1"})
    request.headers.pop("content-length")
    answer = http.client.send(request)
    assert (answer.status_code, answer.headers["X-ClickHouse-Exception-Code"]) == (411, "381")


def test_probes_need_no_password(http: Http) -> None:
    base = str(http.client.base_url)
    for path in ("/ping", "/replicas_status", "/"):
        answer = httpx.get(base + path, trust_env=False)
        assert (answer.status_code, answer.text) == (200, "Ok.\n")
    assert httpx.get(base + "/ready", trust_env=False).status_code == 200
    assert httpx.get(base + "/nothing/here", trust_env=False).status_code == 404
    assert httpx.options(base + "/", trust_env=False).status_code == 204
