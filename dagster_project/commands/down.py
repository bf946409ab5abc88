"""`candlehouse down`."""

from __future__ import annotations

import click


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print what was stopped as JSON.")
def down(as_json: bool) -> None:
    """Stop the stack in order: Dagster first, PostgreSQL last. Nothing running is fine.

    \b
    Example: candlehouse down
    """
    import json

    from dagster_project.settings import load_settings
    from dagster_project.stack.lifecycle import open_stack

    settings = load_settings()
    if not settings.home.exists():
        click.echo(json.dumps({"stopped": [], "leftovers": []}) if as_json else "nothing runs")
        return
    stack = open_stack(settings, least_free=0)
    with stack.lock(lambda part, state: click.echo(f"{part}: {state}", err=True)):
        running = [name for name, state in stack.supervisor.states().items() if state.pid]
        leftovers = [str(leftover) for leftover in stack.stop()]
    if as_json:
        click.echo(json.dumps({"stopped": running, "leftovers": leftovers}))
        return
    for leftover in leftovers:
        click.echo(f"stopped {leftover}, left behind by a killed run")
    click.echo(f"stopped {', '.join(running)}" if running else "nothing runs")
