"""`make run` of the README on recorded real data, and what it says when it cannot start."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from tests.product.conftest import Product, environment_for, installed, shell_lines

MODELS = {"Claude Sonnet 4.5", "DeepSeek Chat V3.1", "Gemini 2.5 Pro", "GPT 5", "Grok 4", "Qwen3 Max"}


@pytest.mark.timeout(2000)  # 140 s and 40 s alone on two cores; beside other tests on a slow machine 600 s
def test_make_run_once_from_recorded_real_data_twice(shared_data: Path, tmp_path: Path) -> None:
    installed()
    assert "make run" in shell_lines()
    product = Product(environment_for(tmp_path / "home", f"replay:{shared_data}"), tmp_path / "home")
    started = time.monotonic()
    first = product.run("make", "run", "ONCE=1", seconds=1300)
    between = time.monotonic()
    second = product.run("make", "run", "ONCE=1", seconds=600)
    ended = time.monotonic()
    for output in (first, second):
        assert all(model in output for model in MODELS), output[-3000:]
        assert "Traceback" not in output
    assert re.search(r"took [\d.]+ s, .* uses [\d.]+ [MG]B", first), first[-1500:]
    assert ended - between < between - started
    status = product.candlehouse("status", "--json", check=False)
    assert "RUNNING" not in status


def test_bad_sources_and_bad_home_are_one_line(tmp_path: Path) -> None:
    installed()
    for sources, home, said in (
        ("replay:/nowhere/at/all", tmp_path / "a", "correct the path"),
        ("telegraph", tmp_path / "b", "live, sandbox, replay:DIR"),
    ):
        product = Product(environment_for(home, sources), home)
        output = product.candlehouse("up", "--once", check=False)
        assert said in output
        assert "Traceback" not in output
