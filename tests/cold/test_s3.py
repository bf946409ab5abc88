"""The same against a local S3 server (moto): ClickHouse reads the bucket itself."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import boto3
import pytest
from moto.server import ThreadedMotoServer

from dagster_project.lib.cold.dumps import drill_dump, dump
from dagster_project.lib.cold.restore import drill
from dagster_project.lib.cold.store import Bucket, StoreError, open_store
from dagster_project.stack.pg_programs import pg_program

from .conftest import Cold


@pytest.fixture
def bucket(cold: Cold, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Cold, ThreadedMotoServer]]:
    """The house with a bucket as its cold store."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    name = f"house-{secrets.token_hex(4)}"
    boto3.client("s3", region_name="us-east-1", endpoint_url=f"http://{host}:{port}").create_bucket(Bucket=name)
    store = open_store(f"s3://{name}/cold?region=us-east-1&endpoint=http://{host}:{port}")
    assert isinstance(store, Bucket)
    cold.store = store
    yield cold, server
    server.stop()


def test_a_month_goes_to_a_bucket_comes_back_and_is_erased(bucket: tuple[Cold, ThreadedMotoServer]) -> None:
    cold, _ = bucket
    wanted = cold.trades()
    cold.apply()
    cold.trade("2024-01/9", "2024-01-20 00:00:00", "3")
    wanted = sorted([*wanted, ("2024-01/9", "3")])
    assert cold.trades() == wanted
    cold.apply()
    assert cold.trades() == wanted
    assert cold.stored() == 3
    assert [one.passed for one in drill(cold.connection, cold.client, cold.store, count=5, max_bytes=1)] == [True]
    cold.restore(202401)
    assert cold.trades() == wanted
    assert "AWS" not in str(cold.connection.execute("SELECT details FROM ops.cold_events").fetchall())


def test_an_unfinished_upload_never_counts(bucket: tuple[Cold, ThreadedMotoServer]) -> None:
    cold, _ = bucket

    def breaks() -> Iterator[bytes]:
        yield b"x" * 100
        raise RuntimeError("cut")

    with pytest.raises(RuntimeError, match="cut"):
        cold.store.write("trades_history_versions/x.parquet", breaks())
    assert cold.store.paths("trades_history_versions") == []


def test_a_dead_bucket_drops_nothing_and_is_one_line(bucket: tuple[Cold, ThreadedMotoServer]) -> None:
    cold, server = bucket
    server.stop()
    with pytest.raises(StoreError, match="cold store s3://house-"):
        cold.apply()
    assert cold.stored() == 6
    assert len(cold.trades()) == 4, "without cold files no view asks the bucket"


def test_a_dump_goes_to_a_bucket_and_comes_back(bucket: tuple[Cold, ThreadedMotoServer]) -> None:
    cold, _ = bucket
    dump(cold.settings.postgres_url, cold.store, pg_program, keep=2)
    drilled = drill_dump(cold.settings.postgres_url, cold.store, pg_program)
    assert drilled is not None
    assert drilled.passed
