"""multipart/form-data: external tables and parameters in form fields."""

from __future__ import annotations

import clickhouse_connect
from clickhouse_connect.driver.external import ExternalData

from tests.stack.gateway.conftest import PASSWORD, USER, Http, Server


def test_external_table_by_curl_rules(http: Http) -> None:
    params = {
        "query": "SELECT upper(name), n + {plus:Int32} FROM people JOIN more USING (n) ORDER BY n",
        "people_structure": "n Int32, name String",
        "people_format": "CSV",
    }
    files = {
        "people": ("people.csv", b"1,ann\n2,bob\n"),
        "more": ("more.tsv", b"2\n"),
        "more_structure": (None, "n Int32"),
        "param_plus": (None, "40"),
    }
    answer = http.client.post("/", params=params, files=files)
    assert answer.text == "BOB\t42\n"
    numbered = http.client.post(
        "/",
        params={"query": "SELECT _2, _1 FROM t", "t_types": "Int8,Map(String, Int8)"},
        files={"t": ("t", b"7\t{'a':1}\n")},
    )
    assert numbered.text == "{'a':1}\t7\n"


def test_the_query_may_be_a_form_field(http: Http) -> None:
    fields = {"query": (None, "SELECT {x:String}"), "param_x": (None, "it's")}
    assert http.client.post("/", files=fields).text == "it\\'s\n"


def test_a_large_external_table(http: Http) -> None:
    data = b"".join(b"%d\n" % number for number in range(3_000_000))
    answer = http.client.post(
        "/",
        params={"query": "SELECT count(), sum(n) FROM big", "big_structure": "n Int64"},
        files={"big": ("big", data)},
    )
    assert answer.text == f"3000000\t{sum(range(3_000_000))}\n"


def test_in_a_session_the_table_is_gone_afterwards(http: Http) -> None:
    arguments: dict = {
        "params": {"query": "SELECT count() FROM once", "once_structure": "n Int8", "session_id": "external"},
        "files": {"once": ("once", b"1\n")},
    }
    assert http.client.post("/", **arguments).text == "1\n"
    assert http.client.post("/", **arguments).text == "1\n"
    assert http.post("SELECT count() FROM once", session_id="external").status_code == 404


def test_missing_structure(http: Http) -> None:
    answer = http.client.post("/", params={"query": "SELECT 1"}, files={"t": ("t", b"1\n")})
    assert answer.headers["X-ClickHouse-Exception-Code"] == "36"


def test_clickhouse_connect_external_data_and_form_parameters(server: Server) -> None:
    client = clickhouse_connect.get_client(
        host="127.0.0.1", port=server.port, username=USER, password=PASSWORD, form_encode_query_params=True
    )
    data = ExternalData(file_name="w.csv", data=b"1,x\n2,y\n", fmt="CSV", structure="n Int32, s String")
    rows = client.query("SELECT s FROM w WHERE n = {n:Int32}", parameters={"n": 2}, external_data=data).result_rows
    assert rows == [("y",)]
    assert client.query("SELECT {a:Array(String)}", parameters={"a": ["q'", "\\"]}).result_rows == [(["q'", "\\"],)]
