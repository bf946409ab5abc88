"""`candlehouse doctor`: the checks are in `examinations.py`, this prints them."""

from __future__ import annotations

import click


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def doctor(as_json: bool) -> None:
    """Examine this machine and the stack. Exit 0 when nothing failed; warnings do not count.

    \b
    Examples:
      candlehouse doctor
      candlehouse doctor --json | python -m json.tool
    """
    import json
    from dataclasses import asdict

    from dagster_project.commands.examinations import examine
    from dagster_project.settings import load_settings

    findings = examine(load_settings())
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in findings]))
    else:
        _show(findings)
    failed = sum(finding.verdict == "fail" for finding in findings)
    if failed:
        if not as_json:
            click.echo(f"{failed} failed", err=True)
        raise click.exceptions.Exit(1)


def _show(findings: list) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    colours = {"ok": "green", "warn": "yellow", "fail": "red"}
    table = Table()
    for heading in ("check", "", "found", "fix"):
        table.add_column(heading, overflow="fold")
    for finding in findings:
        verdict = Text(finding.verdict, style=colours[finding.verdict])
        table.add_row(finding.check, verdict, Text(finding.found), Text(finding.fix))
    Console().print(table)
