"""`candlehouse theatre`: breaks the archive on purpose, on engines of its own, and counts the rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.console import Console

    from dagster_project.stack.theatre.play import Result, Scene


@click.group()
def theatre() -> None:
    """Break things on purpose, on engines of its own, and count the rows.

    \b
    Example: candlehouse theatre archive --point mid_insert
    """


@theatre.command()
@click.option("--point", "names", multiple=True, metavar="NAME", help="Only this scene; repeat for more.")
@click.option("--rows", default=1500, show_default=True, type=click.IntRange(100), help="Trades before each scene.")
@click.option("--seed", default=1, show_default=True, help="Draws the same rows and moments again.")
@click.option("--list", "only_list", is_flag=True, help="Print the scenes and what each proves.")
@click.option("--json", "as_json", is_flag=True, help="Print the results as JSON.")
def archive(names: tuple[str, ...], rows: int, seed: int, only_list: bool, as_json: bool) -> None:
    """Kill, cut off and starve a real archiver while writers write, rerun it, compare both stores with the ledger.

    Starts a PostgreSQL and a ClickHouse of its own in a temporary folder. Exit code 1 when any scene loses or doubles a
    row, or does not end with both stores equal to what was written.

    \b
    Examples:
      candlehouse theatre archive
      candlehouse theatre archive --point mid_insert --point postgres_disk_full --rows 5000
    """
    import json
    import tempfile
    from pathlib import Path

    from rich.console import Console

    from dagster_project.stack.theatre.ground import Ground
    from dagster_project.stack.theatre.play import perform
    from dagster_project.stack.theatre.scenes import choose

    chosen = choose(names)
    console = Console(stderr=as_json, soft_wrap=True, highlight=False)
    if only_list:
        _list(chosen, as_json)
        return
    results: list[Result] = []
    with (
        tempfile.TemporaryDirectory(prefix="candlehouse-theatre-", ignore_cleanup_errors=True) as folder,
        Ground(Path(folder) / "home", lambda line: console.print(f"[dim]{line}[/]")) as ground,
    ):
        for scene in chosen:
            result = perform(ground, scene, rows, seed)
            results.append(result)
            console.print(_line(result))
    if as_json:
        click.echo(json.dumps([result.as_json() for result in results]))
    else:
        print_table(results, console)
    if any(result.state == "failed" for result in results):
        raise click.exceptions.Exit(1)


def print_table(results: list[Result], console: Console) -> None:
    """One row per scene, then what went wrong in words."""
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=box.SIMPLE, pad_edge=False, collapse_padding=True)
    table.add_column("scene", no_wrap=True)
    table.add_column("broken at")
    for name in ("rows", "writes", "lost", "doubled"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("equal", no_wrap=True)
    table.add_column("time", justify="right", no_wrap=True)
    for result in results:
        table.add_row(*_cells(result))
    console.width = max(console.width, 120)
    console.print(table)
    for result in results:
        for problem in result.problems:
            console.print(f"{result.scene}: {escape(problem)}")
    played = [result for result in results if result.state != "not played"]
    failed = sum(result.state == "failed" for result in played)
    console.print(
        f"{len(played)} scenes, {sum(result.rows for result in played):,} rows, {sum(r.lost for r in played)} lost,"
        f" {sum(r.doubled for r in played)} doubled, {failed} failed, {len(results) - len(played)} not played"
    )


def _cells(result: Result) -> tuple[str, ...]:
    if result.state == "not played":
        return (result.scene, "not played", "–", "–", "–", "–", "–", f"{result.seconds:.1f} s")
    return (
        result.scene,
        result.broken,
        f"{result.rows:,}",
        f"{result.writes:,}",
        str(result.lost),
        str(result.doubled),
        "yes" if result.equal and result.state == "ok" else "NO",
        f"{result.seconds:.1f} s",
    )


def _line(result: Result) -> str:
    from rich.markup import escape

    colour = {"ok": "green", "failed": "red"}.get(result.state, "yellow")
    said = "; ".join(result.problems) or result.broken
    return f"[{colour}]{result.state}[/] {result.scene} [dim]{result.seconds:.1f} s  {escape(said)}[/]"


def _list(chosen: list[Scene], as_json: bool) -> None:
    import json

    if as_json:
        click.echo(json.dumps([{"scene": scene.name, "proves": scene.proves} for scene in chosen]))
        return
    for scene in chosen:
        click.echo(f"{scene.name:32} {scene.proves}")
