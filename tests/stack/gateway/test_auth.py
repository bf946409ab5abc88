"""Three ways to sign in, each right and wrong."""

from __future__ import annotations

import httpx
import pytest

from tests.stack.gateway.conftest import PASSWORD, USER, Server


def _get(server: Server, **arguments) -> httpx.Response:
    params = {"query": "SELECT 1"} | arguments.pop("params", {})
    return httpx.get(server.url + "/", params=params, trust_env=False, **arguments)


HEADERS = {"X-ClickHouse-User": USER, "X-ClickHouse-Key": PASSWORD.encode()}


@pytest.mark.parametrize(
    "arguments",
    [{"auth": (USER, PASSWORD)}, {"headers": HEADERS}, {"params": {"user": USER, "password": PASSWORD}}],
    ids=["basic", "headers", "url"],
)
def test_right(server: Server, arguments: dict) -> None:
    assert _get(server, **arguments).text == "1\n"


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"auth": (USER, "wrong")},
        {"auth": (USER, "")},
        {"auth": ("default", PASSWORD)},
        {"headers": HEADERS | {"X-ClickHouse-Key": "wrong"}},
        {"headers": {"X-ClickHouse-Key": PASSWORD.encode()}},
        {"params": {"user": USER}},
        {"params": {"user": USER, "password": PASSWORD + " "}},
        {"headers": {"Authorization": "Bearer abc"}},
        {"headers": {"Authorization": "Basic !"}},
        {"auth": (USER, PASSWORD), "params": {"user": USER, "password": PASSWORD}},
        {"auth": (USER, PASSWORD), "headers": HEADERS},
    ],
)
def test_wrong(server: Server, arguments: dict) -> None:
    answer = _get(server, **arguments)
    assert (answer.status_code, answer.headers["X-ClickHouse-Exception-Code"]) == (403, "516")
    assert "AUTHENTICATION_FAILED" in answer.text
    assert PASSWORD not in answer.text


def test_wrong_before_the_body_is_looked_at(server: Server) -> None:
    answer = httpx.post(server.url + "/", content=b"x" * 3_000_000, auth=(USER, "no"), trust_env=False)
    assert answer.status_code == 403


def test_password_is_never_logged(server: Server) -> None:
    _get(server, params={"user": USER, "password": PASSWORD})
    _get(server, params={"user": USER, "password": PASSWORD + "x"})
    assert PASSWORD not in server.log.read_text()
    import psutil

    assert all(PASSWORD not in word for word in psutil.Process(server.process.pid).cmdline())
