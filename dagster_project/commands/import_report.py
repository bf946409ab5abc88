"""What an import shows: where every row went, sums of money on both sides, what was refused and what differs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from dagster_project.lib.candle_files.folder import RefusedFile
    from dagster_project.lib.candles.dump import CandleTally
    from dagster_project.lib.import_account import Report
    from dagster_project.lib.sqlite_import import SqliteReport
    from dagster_project.lib.trading_rows import Tally

SHOWN_REASONS = 20
HEADINGS = {
    "land": ("Import", "landed", "updated", "unchanged", "quarantined"),
    "try": ("Import, dry run: nothing was written", "would land", "would update", "unchanged", "would quarantine"),
    "compare": ("Parity: nothing was written", "missing", "different", "equal", "refused"),
}


def wide_console() -> Console:
    """A console that breaks no line of text."""
    from rich.console import Console

    return Console(soft_wrap=True)


def print_table(console: Console, table: Table) -> None:
    """Prints a table as wide as it is, also in a pipe."""
    from rich.measure import Measurement

    console.width = max(console.width, Measurement.get(console, console.options.update_width(500), table).maximum)
    console.print(table, crop=False)


@contextmanager
def progress(shown: bool, what: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """A line on a terminal's stderr that counts rows; gives the function to call with a number of rows."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    disable = not shown or not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=disable) as bar:
        task = bar.add_task(what, total=total)
        yield lambda rows: bar.advance(task, rows)


def show(report: Report) -> None:
    """Prints the account of files and tables."""
    from rich.markup import escape
    from rich.table import Table

    console = wide_console()
    title, *counts = HEADINGS[report.mode.value]
    table = Table(title=title, title_justify="left")
    for column in ("file", "table"):
        table.add_column(column, no_wrap=True)
    for column in ("read", *counts):
        table.add_column(column, justify="right", no_wrap=True)
    for line in report.lines:
        table.add_row(escape(line.file), line.table, *_counts(line.tally))
    print_table(console, table)
    for line in report.lines:
        if line.note:
            console.print(f"{line.table} of {escape(line.file)}: {escape(line.note)}", highlight=False)
    for note in report.notes:
        console.print(escape(note), highlight=False)
    _sums(console, report)
    _refused(console, report)
    _differences(console, report)
    for file in report.missing:
        console.print(f"[yellow]missing[/] {escape(file)}")
    if report.not_read:
        console.print(f"[dim]not read: {escape(', '.join(report.not_read))}[/]")
    for fault in report.faults:
        click.echo(f"Error: {fault}", err=True)


def show_places(report: SqliteReport) -> None:
    """Prints which column of the file goes where, with the value of the first row."""
    from rich.markup import escape
    from rich.table import Table

    table = Table(title="What goes where", title_justify="left")
    for column in ("column of the file", "goes to", "first row"):
        table.add_column(column, no_wrap=True)
    for place in report.places:
        target = escape(place.target) if place.target else "[dim]not read[/]"
        table.add_row(escape(place.source), target, escape(place.example))
    print_table(wide_console(), table)


def show_candles(
    mode: str, tallies: list[CandleTally], refused: tuple[RefusedFile, ...], others: int, root: Any
) -> None:
    """Prints the account of candle files."""
    from rich.markup import escape
    from rich.table import Table

    console = wide_console()
    title, landed, updated, unchanged, quarantined = HEADINGS[mode]
    table = Table(title=title, title_justify="left")
    for column in ("exchange", "symbol", "timeframe"):
        table.add_column(column, no_wrap=True)
    for column in ("read", landed, updated, unchanged, "venue's kept", "repeated", quarantined, "lacking"):
        table.add_column(column, justify="right", no_wrap=True)
    for one in tallies:
        counts = (one.read, one.landed, one.updated, one.unchanged, one.kept, one.repeated, one.refused, one.lacking)
        key = (one.recording.exchange, one.recording.symbol, one.recording.timeframe)
        table.add_row(*map(escape, key), *map(str, counts))
    print_table(console, table)
    for one in tallies:
        for reject in one.rejects[:SHOWN_REASONS]:
            market = f"{one.recording.symbol} {one.recording.timeframe}"
            console.print(f"[yellow]{quarantined}[/] {escape(market)} {escape(reject.key)}: {escape(reject.reason)}")
        for difference in one.differences[:SHOWN_REASONS]:
            console.print(f"[yellow]differs[/] {escape(difference)}", highlight=False)
    for file in refused:
        name = file.path.relative_to(root).as_posix()
        console.print(f"[yellow]refused[/] {escape(name)}: {escape(file.reason)}", highlight=False)
    if others:
        console.print(f"[dim]{others} other files are not named like candles[/]")


def _counts(tally: Tally) -> tuple[str, ...]:
    quarantined = f"[yellow]{tally.quarantined}[/]" if tally.quarantined else "0"
    return str(tally.read), str(tally.landed), str(tally.updated), str(tally.unchanged), quarantined


def _sums(console: Console, report: Report) -> None:
    from rich.markup import escape
    from rich.table import Table

    table = Table(title="Sums of both sides", title_justify="left")
    for column in ("file", "column"):
        table.add_column(column, no_wrap=True)
    for column in ("in the source", "stored", "quarantined"):
        table.add_column(column, justify="right", no_wrap=True)
    for line in report.lines:
        for column, sums in line.tally.sums.items():
            if not (sums.source or sums.stored or sums.refused):
                continue
            stored = "" if sums.stored is None else f"{sums.stored:f}" if sums.agree else f"[red]{sums.stored:f}[/]"
            table.add_row(escape(line.file), f"{line.table}.{column}", f"{sums.source:f}", stored, f"{sums.refused:f}")
    if table.row_count:
        print_table(console, table)


def _refused(console: Console, report: Report) -> None:
    from rich.markup import escape

    word = "refused" if report.mode.value == "compare" else "quarantined"
    for line in report.lines:
        for reject in line.tally.rejects[:SHOWN_REASONS]:
            console.print(f"[yellow]{word}[/] {line.table} {escape(reject.key)}: {escape(reject.reason)}")
        if line.tally.quarantined > SHOWN_REASONS:
            rest = line.tally.quarantined - SHOWN_REASONS
            kept = ", all in ops.quarantine" if report.mode.value == "land" else ""
            console.print(f"[yellow]{word}[/] {line.table}: {rest} more{kept}")


def _differences(console: Console, report: Report) -> None:
    from rich.markup import escape

    for line in report.lines:
        for one in line.tally.differences[:SHOWN_REASONS]:
            key = f"{line.table} {escape(one.key)}"
            if one.column is None:
                console.print(f"[yellow]missing[/] {key}", highlight=False)
            else:
                said = f"{one.source} in the source, {one.stored} stored"
                console.print(f"[yellow]differs[/] {key} {one.column}: {escape(said)}", highlight=False)
