"""`candlehouse replay`: hands its arguments to the replay venue's own command."""

from __future__ import annotations

import click

from dagster_project.stack.replay.__main__ import main as replay

assert isinstance(replay, click.Command)
