"""Queries that run: streamed, cancelled, killed, many at once."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import psutil
import pytest

from tests.stack.gateway.conftest import PASSWORD, USER, Http, Server

ENDLESS = "SELECT sum(cityHash64(number)) FROM numbers(100000000000)"


def _gone(http: Http, word: str) -> bool:
    """Whether no query with `word` in it runs within 3 s."""
    for _ in range(30):
        if (
            http.text(
                f"SELECT count() FROM system.processes WHERE query LIKE '%{word}%' AND query NOT LIKE '%processes%'"
            )
            == "0"
        ):
            return True
        time.sleep(0.1)
    return False


@pytest.mark.parametrize("form", ["Native", "JSONCompact"])
def test_ten_million_rows_in_bounded_memory(http: Http, server: Server, form: str) -> None:
    process = psutil.Process(server.process.pid)
    before, peak, size = process.memory_info().rss, 0, 0
    sql = f"SELECT number, toString(number) AS s FROM numbers(10000000) FORMAT {form}"
    with http.client.stream("POST", "/", content=sql, headers={"Accept-Encoding": "identity"}) as answer:
        for chunk in answer.iter_raw():
            size += len(chunk)
            if size % 20 == 0:
                peak = max(peak, process.memory_info().rss)
    assert size > 150 << 20
    assert peak - before < 120 << 20


def test_a_slow_reader_holds_the_query_back(http: Http, server: Server) -> None:
    process = psutil.Process(server.process.pid)
    before = process.memory_info().rss
    with http.client.stream("POST", "/", content="SELECT number FROM numbers(1000000000) FORMAT Native") as answer:
        next(answer.iter_raw())
        time.sleep(1)
        assert process.memory_info().rss - before < 100 << 20
    assert _gone(http, "numbers(1000000000)")


def test_rows_that_trickle_arrive_while_the_query_runs(http: Http) -> None:
    sql = "SELECT sleepEachRow(0.05), number FROM numbers(40)"
    began = time.monotonic()
    with http.client.stream("POST", "/", content=sql, params={"max_block_size": 1}) as answer:
        next(answer.iter_raw())
        assert time.monotonic() - began < 1.5


@pytest.mark.parametrize("form", ["TSV", "JSON"])
def test_a_client_that_gives_up_waiting_cancels_its_query(http: Http, server: Server, form: str) -> None:
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(server.url, content=f"{ENDLESS} FORMAT {form}", auth=(USER, PASSWORD), timeout=0.5, trust_env=False)
    assert _gone(http, "numbers(100000000000)")


@pytest.mark.parametrize("form", ["TSV", "JSON"])
def test_a_client_that_stops_reading_cancels_its_query(http: Http, form: str) -> None:
    with http.client.stream("POST", "/", content=f"SELECT number FROM numbers(200000000000) FORMAT {form}") as answer:
        next(answer.iter_raw())
    assert _gone(http, "numbers(200000000000)")


def test_kill_query_by_the_id_the_client_gave(http: Http) -> None:
    answers: list[httpx.Response] = []
    thread = threading.Thread(target=lambda: answers.append(http.post(ENDLESS, query_id="it's mine-1")))
    thread.start()
    plain = threading.Thread(target=lambda: answers.append(http.post(ENDLESS, query_id="other-2")))
    plain.start()
    time.sleep(0.5)
    again = http.post("SELECT 1", query_id="other-2")
    assert again.headers["X-ClickHouse-Exception-Code"] == "216"
    http.run("KILL QUERY WHERE query_id = 'other-2' SYNC")
    plain.join(5)
    assert answers[0].headers["X-ClickHouse-Exception-Code"] == "394"
    http.run("KILL QUERY WHERE query_id = 'it\\'s mine-1' ASYNC")
    thread.join(5)
    assert answers[1].headers["X-ClickHouse-Query-Id"] == "it's mine-1"
    assert answers[1].headers["X-ClickHouse-Exception-Code"] == "394"
    assert http.text("SELECT 1", query_id="other-2") == "1"


def test_a_small_query_is_quick_while_heavy_ones_run(http: Http) -> None:
    heavy = [threading.Thread(target=http.post, args=(ENDLESS,), kwargs={"query_id": f"heavy-{n}"}) for n in range(2)]
    for thread in heavy:
        thread.start()
    time.sleep(0.3)
    began = time.monotonic()
    assert http.text("SELECT 1") == "1"
    assert time.monotonic() - began < 1
    http.run("KILL QUERY WHERE query_id LIKE 'heavy-%' ASYNC")
    for thread in heavy:
        thread.join()


def test_thirty_two_clients_at_once(server: Server, http: Http) -> None:
    http.run("CREATE OR REPLACE TABLE crowd (client Int32, n Int32) ENGINE = MergeTree ORDER BY (client, n)")

    def client(number: int) -> int:
        mine = Http(server)
        for step in range(5):
            mine.post("INSERT INTO crowd FORMAT CSV", body=f"{number},{step}\n".encode())
        got = int(mine.text(f"SELECT count() FROM crowd WHERE client = {number}", max_block_size=number + 1))
        assert mine.text("SELECT getSetting('max_block_size')", max_block_size=number + 1) == str(number + 1)
        mine.client.close()
        return got

    with ThreadPoolExecutor(32) as pool:
        assert list(pool.map(client, range(32))) == [5] * 32
