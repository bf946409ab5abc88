"""`candlehouse up`: everything, from nothing to a board."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NoReturn

import click

if TYPE_CHECKING:
    from rich.console import Console

    from dagster_project.settings import Settings
    from dagster_project.stack.lifecycle import Progress, Stack

WATCH_SECONDS = 1.0
# What a shell reports for a program that Ctrl-C ended.
INTERRUPTED = 130


@click.command()
@click.option("--once", is_flag=True, help="Stop after the board; exit 0 only if the pipeline succeeded.")
@click.option("--detach", is_flag=True, help="Leave the stack running and return.")
def up(once: bool, detach: bool) -> None:
    """Start the stack, run the pipeline, print the board, serve the Dagster UI until Ctrl-C.

    A stack that already runs is found and left running; parts of it that stopped are started again.

    \b
    Examples:
      candlehouse up
      CANDLEHOUSE_SOURCES=replay:../shared/data candlehouse up --once
    """
    if once and detach:
        raise click.UsageError("--once stops the stack and --detach leaves it: choose one")
    from rich.console import Console

    from dagster_project.commands.console import start_progress
    from dagster_project.settings import load_settings
    from dagster_project.stack.lifecycle import open_stack

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    console = Console(soft_wrap=True)
    started = time.monotonic()
    settings = load_settings()
    stack = open_stack(settings)
    progress = start_progress(console)
    # The pipeline records its runs without webserver and daemon; with --once nobody would see them.
    found = _start(stack, settings, progress, with_dagster=not once)
    keep = found or detach
    succeeded = False
    try:
        succeeded = (found and not once) or _pipeline(settings, console)
        if not once:
            _write_docs(settings, console)
            show_addresses(stack, console)
        _show_cost(settings, console, started)
        if not once and not keep:
            _serve(stack, console)
    except KeyboardInterrupt:
        keep = found
        if not succeeded:
            raise click.exceptions.Exit(INTERRUPTED) from None
    except BaseException:
        keep = found
        raise
    finally:
        if not keep:
            _stop(stack, progress)
    if not succeeded:
        raise click.ClickException("the pipeline failed: the lines above say where; `candlehouse doctor` looks further")


def _start(stack: Stack, settings: Settings, progress: Progress, *, with_dagster: bool) -> bool:
    """Bring everything up. Returns whether the stack ran already."""
    with stack.lock(progress), _reading_dbt() as dbt:
        found = stack.is_running()
        try:
            if found:
                progress("stack", "already running; starting only what stopped")
                stack.resume_engines(progress)
            else:
                for leftover in stack.start_engines(progress):
                    progress("stack", f"stopped {leftover}, left behind by a killed run")
            os.environ.update(stack.process_environment())
            _migrate(settings, progress)
            _await_dbt(dbt, progress)
            if with_dagster:
                stack.start_dagster(progress)
        except BaseException:
            if not found:
                stack.stop()
            raise
    return found


@contextlib.contextmanager
def _reading_dbt() -> Iterator[subprocess.Popen[str]]:
    """dbt reads its project in the background: it needs no database, and a core is idle while the engines start."""
    command = [sys.executable, "-m", "dagster_project.defs.transform.prepare"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.terminate()


def _await_dbt(process: subprocess.Popen[str], progress: Progress) -> None:
    output, errors = process.communicate()
    if process.returncode:
        raise click.ClickException((errors.strip().splitlines() or ["dbt cannot read dbt_project"])[-1])
    progress("dbt", output.strip())


def _migrate(settings: Settings, progress: Progress) -> None:
    from dagster_project import migrations

    done = migrations.apply(settings, lambda step: progress("migrate", step.name))
    progress("migrate", f"{len(done)} files applied" if done else "nothing to do")


def _pipeline(settings: Settings, console: Console) -> bool:
    from filelock import FileLock, Timeout

    from dagster_project.commands.pipeline import run_once

    try:
        with FileLock(settings.home / "run" / "pipeline.lock", mode=0o600, timeout=0):
            return run_once(settings, console)
    except Timeout:
        raise click.ClickException(
            f"another `candlehouse up` runs the pipeline of {settings.home}: wait for it, or set CANDLEHOUSE_HOME"
        ) from None


def _write_docs(settings: Settings, console: Console) -> None:
    """The first time; later `candlehouse docs` writes them anew. Nothing else waits for them."""
    from dagster_project.commands import docs

    if not docs.is_written(settings):
        try:
            docs.write_site(settings, lambda line: console.print(line, highlight=False))
        except click.ClickException as error:
            console.print(error.message, style="yellow", highlight=False)


def show_addresses(stack: Stack, console: Console) -> None:
    """A table of the parts and where they listen."""
    from rich.table import Table

    table = Table("part", title="Candlehouse", title_justify="left")
    table.add_column("address", overflow="fold")
    for status in stack.status():
        if status.url:
            table.add_row(status.part, status.url)
    console.print(table)
    console.print("passwords: `candlehouse env`; questions: `candlehouse sql pg|ch`", style="dim")


def _show_cost(settings: Settings, console: Console, started: float) -> None:
    from dagster_project.commands.console import bytes_text
    from dagster_project.stack.home import disk_used

    console.print(
        f"took {time.monotonic() - started:.1f} s, {settings.home} uses {bytes_text(disk_used(settings.home))}",
        highlight=False,
    )


def _serve(stack: Stack, console: Console) -> None:
    """Stay until Ctrl-C, and tell when a part changes its state."""
    console.print(f"serving {stack.address('dagster-webserver')} until Ctrl-C", highlight=False)
    known = {name: state.pid for name, state in stack.supervisor.states().items()}
    while True:
        time.sleep(WATCH_SECONDS)
        states = stack.supervisor.states()
        if not states:
            with stack.lock():
                stopped = not (stack.home / "stack.json").exists()
            if stopped:
                console.print("stopped by `candlehouse down`")
                return
            raise click.ClickException("the supervisor was killed: `candlehouse up` starts again from what is on disk")
        for name, state in states.items():
            if state.pid != known.get(name):
                console.print(f"{name}: {state.name.lower()} (pid {state.pid}); log {stack.home / 'logs' / name}.log")
                known[name] = state.pid


def _stop(stack: Stack, progress: Progress) -> None:
    from dagster_project.stack.signals import uninterrupted

    with uninterrupted(), stack.lock(progress):
        if stack.is_running():
            progress("stack", "stopping")
        stack.stop()
        progress("stack", "stopped")


def _interrupt(_number: int, _frame: Any) -> NoReturn:
    raise KeyboardInterrupt
