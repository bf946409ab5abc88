"""`candlehouse prove`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from dagster_project.lib.archive.prove import Proof


@click.command()
@click.argument("key", metavar="ID", required=False)
@click.option("--policy", "name", default=None, help="Table of the row; all of them otherwise.")
@click.option("--all", "everything", is_flag=True, help="Prove every archived row of every day instead of one.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def prove(context: click.Context, key: str | None, name: str | None, everything: bool, as_json: bool) -> None:
    """Show where a row is now and every step of its way, checked against both databases.

    Exit 0 when it is proven to be there, or to be erased as somebody asked; 1 when it is not.

    \b
    Examples:
      candlehouse prove 0b3f6f6e-6c1b-4a5e-9d0e-1a2b3c4d5e6f
      candlehouse prove --all
    """
    import json

    from dagster_project.commands.archive import chosen, ready, verify
    from dagster_project.lib.archive.engines import both
    from dagster_project.lib.archive.prove import prove as trace

    names = (name,) if name else ()
    if everything == bool(key):
        raise click.UsageError("give one ID, or --all")
    if everything:
        context.invoke(verify, names=names, deep=False, as_json=as_json)
        return
    assert key is not None
    wanted, settings = chosen(names), ready()
    with both(settings) as (connection, client):
        proofs = [proof for policy in wanted if (proof := trace(policy, connection, client, key)) is not None]
    if as_json:
        click.echo(json.dumps([proof.as_json() for proof in proofs]))
    else:
        for proof in proofs:
            _show(proof)
    if not proofs:
        raise click.ClickException(f"{key}: neither PostgreSQL nor ClickHouse nor a manifest knows it")
    if not all(proof.holds for proof in proofs):
        raise click.exceptions.Exit(1)


def _show(proof: Proof) -> None:
    verdict = "erased" if proof.erased else "proven"
    place = " and ".join(proof.where) or "neither database"
    click.echo(f"{proof.policy} {proof.key}: {verdict if proof.holds else f'NOT {verdict.upper()}'}, in {place}")
    for step in proof.steps:
        click.echo(f"  {step['step']}")
        for name, value in step.items():
            if name != "step" and value is not None:
                shown = ", ".join(f"{key} {text}" for key, text in value.items()) if isinstance(value, dict) else value
                click.echo(f"    {name}: {shown}")
    for line in proof.trouble:
        click.echo(f"  trouble: {line}", err=True)
