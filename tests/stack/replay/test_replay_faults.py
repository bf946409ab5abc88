"""Each fault shows to the real client as a real venue's would, and the truth stays what it was."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import fields
from typing import Any

import aiohttp
import ccxt
import httpx
import pytest

from dagster_project.stack.replay import Faults, Weights
from tests.stack.replay.venue_client import FIVE_MINUTES, START, Client, made_rows, truth_rows

Replay = Callable[..., Client]
TRUTH = made_rows(1200)


def first_page(client: Client, limit: int = 1000) -> list[list[Any]]:
    return client.fetch("AAA/USDT", "5m", START, limit)


class TestCandles:
    """Faults of single candles."""

    def test_holes_are_the_venues_truth(self, replay: Replay) -> None:
        client = replay(Faults(holes=0.1))
        got = client.fetch_all("AAA/USDT", "5m", START)
        assert 1000 < len(got) < 1150
        assert all(row in TRUTH for row in got)
        assert got == truth_rows(client.venue, "AAA/USDT", "5m")
        assert got == client.fetch_all("AAA/USDT", "5m", START)
        assert len(first_page(client)) == 1000  # pages are full: the venue does not know that something is missing

    def test_holes_are_not_in_added_up_candles_either(self, replay: Replay) -> None:
        client = replay(Faults(holes=0.3))
        base = truth_rows(client.venue, "AAA/USDT", "5m")
        hour = client.fetch("AAA/USDT", "1h", START, 1)[0]
        inside = [row for row in base if hour[0] <= row[0] < hour[0] + 3_600_000]
        assert 0 < len(inside) < 12
        assert hour[5] == pytest.approx(sum(row[5] for row in inside))
        assert hour == truth_rows(client.venue, "AAA/USDT", "1h")[1]  # the recording begins within the hour before

    def test_other_seeds_have_other_holes(self, replay: Replay) -> None:
        one, same, other = (truth_rows(replay(Faults(holes=0.1, seed=s)).venue, "AAA/USDT", "5m") for s in (1, 1, 2))
        assert one == same != other

    def test_hidden_candles_appear_when_asked_again(self, replay: Replay) -> None:
        client = replay(Faults(hidden=0.1, hidden_answers=2))
        got = [client.klines(symbol="AAAUSDT", interval="5m", startTime=START, endTime=START + 99 * FIVE_MINUTES)
               for _ in range(4)]  # fmt: skip
        assert len(got[0]) == len(got[1]) < 100
        assert len(got[2]) == len(got[3]) == 100
        assert truth_rows(client.venue, "AAA/USDT", "5m") == TRUTH

    def test_late_corrections(self, replay: Replay) -> None:
        client = replay(Faults(late=0.2, late_answers=2))
        first, second, third = (first_page(client, 100) for _ in range(3))
        wrong = [n for n in range(100) if first[n] != TRUTH[n]]
        assert 5 < len(wrong) < 40
        assert second == first
        assert third == TRUTH[:100]
        for n in wrong:
            assert first[n] == [*TRUTH[n][:4], TRUTH[n][3], TRUTH[n][5] / 2]

    def test_the_open_candle(self, replay: Replay) -> None:
        now = START + 10 * FIVE_MINUTES + FIVE_MINUTES // 2
        client = replay(Faults(open_last=True), now=lambda: now)
        got = first_page(client)
        assert got[:10] == TRUTH[:10]
        assert len(got) == 11
        opened, first, high, low, last, volume = got[10]
        assert (opened, first) == tuple(TRUTH[10][:2])
        assert first < high < TRUTH[10][2]
        assert TRUTH[10][3] < low < first < last < TRUTH[10][4]
        assert volume == pytest.approx(TRUTH[10][5] / 2)
        assert truth_rows(client.venue, "AAA/USDT", "5m") == TRUTH[:10]

    def test_the_default_clock_has_an_open_candle_then(self, replay: Replay) -> None:
        client = replay(Faults(open_last=True))
        assert client.fetch("AAA/USDT", "5m", limit=1)[0][5] == pytest.approx(TRUTH[-1][5] / 2)

    @pytest.mark.parametrize(("switch", "error"), [("BBBUSDT", ccxt.BadSymbol), ("BBBUSDT:500", ccxt.OperationFailed)])
    def test_one_bad_symbol(self, replay: Replay, switch: str, error: type[Exception]) -> None:
        client = replay(Faults(bad_symbols=(switch,)))
        assert first_page(client) == TRUTH[:1000]
        with pytest.raises(error):
            client.fetch("BBB/USDT", "5m", START)

    def test_a_renamed_market(self, replay: Replay) -> None:
        at = START + 15 * FIVE_MINUTES
        client = replay(Faults(renames=("BBB/USDT:CCC/USDT@2023-11-14T23:30",)))
        assert client.fetch("BBB/USDT", "5m", START) == TRUTH[:15]
        assert client.fetch("CCC/USDT", "5m", START) == TRUTH[15:30]
        assert client.fetch("CCC/USDT", "5m", limit=1) == [TRUTH[29]]
        assert TRUTH[15][0] == at
        assert client.klines(symbol="BBBUSDT", interval="5m", startTime=at) == []

        async def active(exchange: Any) -> list[bool]:
            return [exchange.market(symbol)["active"] for symbol in ("BBB/USDT", "CCC/USDT")]

        assert client.ccxt(active) == [False, True]


class TestPages:
    """Faults of whole pages."""

    def test_short_pages(self, replay: Replay) -> None:
        client = replay(Faults(short_pages=1))
        assert 1 <= len(first_page(client)) < 1000
        assert client.fetch_all("AAA/USDT", "5m", START) == TRUTH
        assert client.fetch("AAA/USDT", "5m", limit=1000)[-1] == TRUTH[-1]

    def test_a_page_sent_twice(self, replay: Replay) -> None:
        client = replay(Faults(duplicate_pages=1))
        asked = START + 100 * FIVE_MINUTES
        sent = client.klines(symbol="AAAUSDT", interval="5m", startTime=asked, limit=100)
        assert [row[0] for row in sent] == [row[0] for row in TRUTH[:100]]
        # ccxt drops rows before `since`, so that the old page looks like a window without candles.
        assert client.fetch("AAA/USDT", "5m", asked, 100) == []

    def test_a_repeated_request_can_go_well(self, replay: Replay) -> None:
        client = replay(Faults(duplicate_pages=0.5))
        asked = START + 100 * FIVE_MINUTES
        firsts = {client.klines(symbol="AAAUSDT", interval="5m", startTime=asked, limit=100)[0][0] for _ in range(12)}
        assert firsts == {TRUTH[0][0], TRUTH[100][0]}

    def test_rows_sent_twice(self, replay: Replay) -> None:
        client = replay(Faults(duplicate_rows=0.3))
        got = first_page(client, 100)
        assert len(got) == 100
        times = [row[0] for row in got]
        assert times == sorted(times)
        assert 60 < len(set(times)) < 95
        assert all(row in TRUTH for row in got)

    def test_wrong_order(self, replay: Replay) -> None:
        client = replay(Faults(wrong_order=1))
        sent = [row[0] for row in client.klines(symbol="AAAUSDT", interval="5m", startTime=START, limit=100)]
        assert sent != sorted(sent)
        assert sorted(sent) == [row[0] for row in TRUTH[:100]]

    def test_microseconds(self, replay: Replay) -> None:
        client = replay(Faults(microseconds=True))
        assert first_page(client, 2) == [[row[0] * 1000, *row[1:]] for row in TRUTH[:2]]
        sent = client.klines(symbol="AAAUSDT", interval="5m", startTime=START, limit=1)[0]
        assert sent[6] - sent[0] == FIVE_MINUTES * 1000 - 1

    def test_microseconds_on_request_as_binance_offers(self, replay: Replay) -> None:
        asked = {"symbol": "AAAUSDT", "interval": "5m", "startTime": START, "limit": 1}
        answer = replay().http.get("/klines", params=asked, headers={"X-MBX-TIME-UNIT": "MICROSECOND"})
        assert answer.json()[0][0] == START * 1000


class TestAnswers:
    """Faults of single answers."""

    def test_resets_in_the_middle_of_the_body(self, replay: Replay) -> None:
        client = replay(Faults(resets=1))
        # ccxt 4.5.90 raises a bare ExchangeError here, as it does for errors that are not worth a retry.
        with pytest.raises(ccxt.BaseError) as caught:
            first_page(client)
        assert isinstance(caught.value.__cause__, aiohttp.ClientPayloadError)
        with pytest.raises(httpx.RemoteProtocolError):
            client.klines(symbol="AAAUSDT", interval="5m")

    def test_resets_are_not_logged_but_mistakes_are(
        self, replay: Replay, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        client = replay(Faults(resets=1))
        with pytest.raises(httpx.RemoteProtocolError):
            client.klines(symbol="AAAUSDT", interval="5m")
        assert caplog.records == []
        monkeypatch.setattr(client.venue, "page", lambda *arguments: 1 / 0)
        assert client.http.get("/klines?symbol=AAAUSDT&interval=5m").status_code == 500
        assert "ZeroDivisionError" in caplog.text

    def test_server_errors(self, replay: Replay) -> None:
        client = replay(Faults(server_errors=1))
        statuses = set()
        for n in range(20):
            answer = client.http.get("/klines", params={"symbol": "AAAUSDT", "interval": "5m", "limit": n + 1})
            statuses.add(answer.status_code)
        assert statuses == {500, 502, 503}

        async def errors(exchange: Any) -> set[type[Exception]]:
            seen: set[type[Exception]] = set()
            for n in range(20):
                try:
                    await exchange.fetch_ohlcv("AAA/USDT", "5m", START, n + 1)
                except ccxt.BaseError as error:
                    seen.add(type(error))
            return seen

        # -1000 with status 500 counts as an operation that failed, 502 and 503 as a venue out of reach.
        assert client.ccxt(errors) == {ccxt.OperationFailed, ccxt.ExchangeNotAvailable}

    def test_slow_answers(self, replay: Replay) -> None:
        client = replay(Faults(slow=1, slow_seconds=0.3))
        began = time.monotonic()
        client.klines(symbol="AAAUSDT", interval="5m", limit=1)
        assert time.monotonic() - began >= 0.3

    def test_slower_than_the_client_waits(self, replay: Replay) -> None:
        client = replay(Faults(slow=1, slow_seconds=2))

        async def impatient(exchange: Any) -> None:
            exchange.timeout = 200
            await exchange.fetch_ohlcv("AAA/USDT", "5m", START)

        with pytest.raises(ccxt.RequestTimeout):
            client.ccxt(impatient)

    def test_garbage_never_passes_for_candles(self, replay: Replay) -> None:
        """ccxt returns rubbish or raises, never rows: status 200 alone proves nothing."""
        client = replay(Faults(garbage=1))

        async def answers(exchange: Any) -> list[Any]:
            seen: list[Any] = []
            for n in range(20):
                try:
                    seen.append(await exchange.fetch_ohlcv("AAA/USDT", "5m", START, n + 1))
                except Exception as error:
                    seen.append(type(error))
            return seen

        for answer in client.ccxt(answers):
            assert isinstance(answer, type) or not any(row in TRUTH for row in answer)
        kinds = {
            client.http.get("/klines", params={"symbol": "AAAUSDT", "interval": "5m", "limit": n}).text[:2]
            for n in range(1, 20)
        }
        assert kinds == {"<h", "[[", '{"'}

    def test_only_candles_suffer_unless_told_otherwise(self, replay: Replay) -> None:
        assert replay(Faults(server_errors=1)).http.get("/time").status_code == 200
        assert replay(Faults(server_errors=1, everywhere=True)).http.get("/time").status_code >= 500


class TestRateLimits:
    """Weights, 429 and 418."""

    def test_weights_are_told(self, replay: Replay) -> None:
        client = replay()
        spent = [
            client.http.get(path).headers["X-MBX-USED-WEIGHT-1M"]
            for path in ("/ping", "/exchangeInfo", "/klines?symbol=AAAUSDT&interval=5m", "/klines")
        ]
        assert spent == ["1", "21", "23", "25"]
        limits = client.http.get("/exchangeInfo").json()["rateLimits"]
        assert limits == [{"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 6000}]

    def test_a_spent_minute_then_a_ban_for_those_who_do_not_wait(self, replay: Replay) -> None:
        now = [999_999_995.0]  # 35 s into a minute
        client = replay(weights=Weights(limit=10, ban_after=3, ban_seconds=120, clock=lambda: now[0]))

        def ask() -> httpx.Response:
            return client.http.get("/klines?symbol=AAAUSDT&interval=5m&limit=1")

        assert [ask().status_code for _ in range(5)] == [200] * 5
        refused = ask()
        assert (refused.status_code, refused.headers["Retry-After"], refused.json()["code"]) == (429, "25", -1003)
        now[0] += 10
        assert (ask().status_code, ask().headers["Retry-After"]) == (429, "15")
        banned = ask()
        assert (banned.status_code, banned.headers["Retry-After"]) == (418, "120")
        assert f"IP banned until {round((now[0] + 120) * 1000)}" in banned.json()["msg"]
        now[0] += 60
        assert (ask().status_code, ask().headers["Retry-After"]) == (418, "60")
        now[0] += 61
        assert ask().status_code == 200

    def test_who_waits_goes_on(self, replay: Replay) -> None:
        now = [999_999_995.0]
        client = replay(weights=Weights(limit=4, clock=lambda: now[0]))
        statuses = []
        for _ in range(7):
            answer = client.http.get("/klines?symbol=AAAUSDT&interval=5m&limit=1")
            statuses.append(answer.status_code)
            now[0] += int(answer.headers.get("Retry-After", 0))
        assert statuses == [200, 200, 429, 200, 200, 429, 200]

    def test_as_the_client_sees_them(self, replay: Replay) -> None:
        client = replay(weights=Weights(limit=22, ban_after=2))

        async def ask(exchange: Any) -> list[str]:
            seen = []
            for _ in range(4):
                try:
                    await exchange.fetch_ohlcv("AAA/USDT", "5m", START, 1)
                    seen.append("rows")
                except ccxt.DDoSProtection as error:
                    seen.append(str(error).split()[1])
            return seen

        assert client.ccxt(ask) == ["rows", "429", "429", "418"]

    def test_rate_limited_as_a_fault(self, replay: Replay) -> None:
        client = replay(Faults(rate_limited=1))
        answer = client.http.get("/klines?symbol=AAAUSDT&interval=5m")
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "1")

    def test_without_a_limit(self, replay: Replay) -> None:
        client = replay(weights=Weights(limit=0))
        assert all(client.http.get("/exchangeInfo").status_code == 200 for _ in range(350))  # 7,000 weight


class TestSwitches:
    """Faults as texts."""

    def test_every_fault_can_be_given(self) -> None:
        texts = {"float": "0.5", "int": "3", "bool": "", "tuple": "ethbtc:500"}
        for field in fields(Faults):
            kind = type(field.default).__name__
            value = texts[kind]
            parsed = Faults.parse([f"{field.name}={value}" if value else field.name])
            assert getattr(parsed, field.name) != field.default

    def test_several(self) -> None:
        given = Faults.parse(["holes=0.01", "open-last", "bad_symbols=ethbtc,xrpeth:500", "seed=7"])
        assert given == Faults(seed=7, holes=0.01, open_last=True, bad_symbols=("ETHBTC", "XRPETH:500"))

    @pytest.mark.parametrize("text", ["nope", "holes=2", "holes=x", "holes", "open_last=maybe", "late_answers=0.5"])
    def test_wrong_ones_are_refused(self, text: str) -> None:
        with pytest.raises(ValueError, match="fault"):
            Faults.parse([text])
