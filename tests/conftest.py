"""Fixtures that every room's tests share: recorded data and real engines."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dagster_project.settings import PROJECT_ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of recorded data (`CANDLEHOUSE_SHARED_DATA`, else `../shared/data`)."""
    folder = Path(os.environ.get("CANDLEHOUSE_SHARED_DATA", PROJECT_ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"recorded data is not at {folder}: set CANDLEHOUSE_SHARED_DATA to its folder")
    return folder.resolve()
