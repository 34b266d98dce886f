"""`orgdns try`: show what an instance would get."""

from pathlib import Path
from typing import Annotated

import typer

from orgdns.cli.render.documents.trial import trial_document
from orgdns.cli.render.trial.instance import show_trial
from orgdns.cli.terminal import Json, errors_reported, print_json, screen
from orgdns.config.load import load
from orgdns.trial.options import given_by_options
from orgdns.trial.running import tried


def run(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The configuration file.")],
    *,
    account: Annotated[str, typer.Option(metavar="ID", help="The account of the instance.")],
    account_name: Annotated[
        str | None, typer.Option(metavar="TEXT", help="The account's name. Default: account and its id.")
    ] = None,
    unit: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ID",
            help="A unit that contains the account; repeated, from the root down. Default: the first covered unit.",
        ),
    ] = None,
    region: Annotated[
        str | None, typer.Option(metavar="NAME", help="The region. Default: the first of spokes.regions.")
    ] = None,
    vpc: Annotated[str | None, typer.Option(metavar="ID", help="The VPC. Default: one that no rule names.")] = None,
    subnet: Annotated[
        str | None, typer.Option(metavar="ID", help="The subnet. Default: one that no rule names.")
    ] = None,
    address: Annotated[
        list[str] | None,
        typer.Option(metavar="IP", help="A private address, the primary one first; may be repeated."),
    ] = None,
    tag: Annotated[
        list[str] | None, typer.Option(metavar="KEY=VALUE", help="A tag, such as Name=web; may be repeated.")
    ] = None,
    state: Annotated[str | None, typer.Option(metavar="STATE", help="The state. Default: running.")] = None,
    instance_id: Annotated[str | None, typer.Option(metavar="ID", help="The instance's id.")] = None,
    as_json: Json = False,
) -> None:
    """Show which names an instance would get, and why, without AWS.

    The instance does not need to exist. The command decides with the code that the functions run, and assumes that no
    other instance and no other account has a name yet. It shows what it assumes. The exit code is 0, or 1 on an error.
    """
    with errors_reported():
        facts = {"account": account, "region": region, "vpc": vpc, "subnet": subnet, "address": address}
        facts |= {"state": state, "id": instance_id}
        given_account, instance = given_by_options(facts, {"name": account_name, "units": unit}, tag or [])
        trial = tried(load(file), given_account, instance)
    if as_json:
        print_json(trial_document(trial))
    else:
        show_trial(screen(), trial)
