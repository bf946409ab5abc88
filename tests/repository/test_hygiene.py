"""What must never be committed, and what the lock files must hold."""

from __future__ import annotations

import re
import subprocess

import pytest

from dagster_project.settings import PROJECT_ROOT

TOP_LEVEL = {
    ".ci", ".dockerignore", ".gitignore", ".pre-commit-config.yaml", ".sqlfluff", "CONTRIBUTING.md",
    "Makefile", "README.md", "benchmarks", "candlehouse.toml", "dagster_project", "dbt_project", "deploy",
    "docker-compose.yml", "docs", "pyproject.toml", "requirements.lock", "sql", "tests", "workspace.yaml",
}  # fmt: skip


def tracked() -> list[str]:
    done = subprocess.run(["git", "ls-files"], cwd=PROJECT_ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("this copy is not a git checkout, so there is no list of committed files")
    return done.stdout.splitlines()


def test_top_level_holds_only_what_the_design_names() -> None:
    assert {name.split("/")[0] for name in tracked()} <= TOP_LEVEL


def test_no_generated_or_recorded_data_is_committed() -> None:
    data = re.compile(r"\.(feather|parquet|db|sqlite|sqlite3|log|zip|gz|pyc)$|(^|/)(target|\.candlehouse)/")
    assert [name for name in tracked() if data.search(name)] == []


def test_no_machine_path_and_no_registry_host_is_committed() -> None:
    word = re.compile(r"(?<![\w.])/(work|farm|root|home/[a-z]+)/|pythonhoste[d]|debia[n]\.org|npmj[s]\.|pyp[i]\.org")
    offenders = []
    for name in tracked():
        path = PROJECT_ROOT / name
        if path.suffix in {".png", ".ico"} or not path.is_file():
            continue
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            if word.search(line) and "word = re.compile" not in line:
                offenders.append(f"{name}:{number}: {line.strip()[:100]}")
    assert offenders == []


@pytest.mark.parametrize("name", ["requirements.lock", "tests/requirements.lock"])
def test_lock_pins_every_package_with_a_hash_and_names_no_host(name: str) -> None:
    text = (PROJECT_ROOT / name).read_text()
    entries = re.split(r"\n(?=[a-z0-9])", text.strip())
    assert len(entries) > 100
    assert [entry.splitlines()[0] for entry in entries if "==" not in entry or "--hash=sha256:" not in entry] == []
    assert "://" not in text


def test_both_locks_pin_the_same_versions() -> None:
    def pins(name: str) -> dict[str, str]:
        lines = re.findall(r"^([a-z0-9-]+)==(\S+)(.*?) \\$", (PROJECT_ROOT / name).read_text(), re.M)
        return {package + marker: version for package, version, marker in lines}

    runtime, development = pins("requirements.lock"), pins("tests/requirements.lock")
    shared = runtime.keys() & development.keys()
    assert len(shared) > 100
    assert {package for package in shared if runtime[package] != development[package]} == set()
