"""`orgdns init`: write a first configuration file."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from orgdns.cli.render.text import visible
from orgdns.cli.terminal import errors_reported, say
from orgdns.config.partitions import known_regions
from orgdns.draft.checks import asked, completed, faults_of_answers
from orgdns.draft.questions import QUESTIONS, Answers, Question
from orgdns.draft.text import configuration
from orgdns.trial.options import OptionsInvalid

Text = str | None


def run(
    file: Annotated[Path, typer.Argument(metavar="[FILE]", help="The file to write.")] = Path("orgdns.yaml"),
    *,
    organization: Annotated[Text, typer.Option(metavar="ID", help="The AWS Organization.")] = None,
    management_account: Annotated[Text, typer.Option(metavar="ID", help="Its management account.")] = None,
    units: Annotated[Text, typer.Option(metavar="IDS", help="The units whose accounts get names.")] = None,
    hub_account: Annotated[Text, typer.Option(metavar="ID", help="The hub account.")] = None,
    hub_region: Annotated[Text, typer.Option(metavar="NAME", help="The region of the hub.")] = None,
    network_account: Annotated[Text, typer.Option(metavar="ID", help="The account that owns the zones.")] = None,
    regions: Annotated[Text, typer.Option(metavar="NAMES", help="The covered regions. Default: the hub's.")] = None,
    zones: Annotated[
        Text, typer.Option(metavar="ZONES", help="DOMAIN=ZONE_ID, DOMAIN=VPC or DOMAIN=VPC@REGION, by spaces.")
    ] = None,
    resolved_by: Annotated[Text, typer.Option(metavar="VPCS", help="all, none or KEY=VALUE. Default: all.")] = None,
    names: Annotated[Text, typer.Option(metavar="KINDS", help="unique, short, id. Default: unique id.")] = None,
    short_accounts: Annotated[Text, typer.Option(metavar="IDS", help="The accounts with short names.")] = None,
    no_input: Annotated[bool, typer.Option("--no-input", help="Ask nothing: take the options and defaults.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file.")] = False,
) -> None:
    """Ask a few questions, and write a commented configuration file, without AWS.

    An option answers its question. The file starts with a dry run: names are decided and listed by orgdns pending, and
    nothing is written to zones and VPCs. Each answer is checked at once. A file that exists is not overwritten without
    --force. The exit code is 0, or 1 on an error.
    """
    given = {
        "organization": organization,
        "management-account": management_account,
        "units": units,
        "hub-account": hub_account,
        "hub-region": hub_region,
        "network-account": network_account,
        "regions": regions,
        "zones": zones,
        "resolved-by": resolved_by,
        "names": names,
        "short-accounts": short_accounts,
    }
    with errors_reported():
        if file.exists() and not force:
            raise OptionsInvalid(f"{file} exists: choose another file, or overwrite it with --force")
        answers, faults = {key: text for key, text in given.items() if text is not None}, tuple[str, ...]()
        if not no_input:
            # What an option says wrongly is said before the first question.
            faults = _faults_of_options(answers)
            answers = answers if faults else _answered(answers)
        if not faults:
            answers, faults = completed(answers)
        if faults:
            raise OptionsInvalid("\n".join(faults))
        try:
            file.write_text(configuration(answers), encoding="utf-8")
        except OSError as fault:
            raise OptionsInvalid(f"{file} cannot be written: {fault}") from fault
    say(f"Wrote {file}. Read it, and change what you need. Then:")
    say(f"  orgdns validate {file}")
    say(f"  orgdns try {file} --account ACCOUNT --account-name NAME --tag Name=web")
    say(f"  orgdns deploy --config {file} --plan")
    say("The file starts with a dry run: nothing is written to zones and VPCs until publish and associate are true.")


def _faults_of_options(options: Answers) -> tuple[str, ...]:
    right: Answers = {}
    faults: list[str] = []
    for question in QUESTIONS:
        if (answer := options.get(question.key)) is None:
            continue
        if wrong := faults_of_answers(right | {question.key: answer}):
            faults += [f"{question.option}: {fault}" for fault in wrong]
        else:
            right[question.key] = answer
    return tuple(faults)


def _answered(options: Answers) -> Answers:
    """The options, and the answers to all other questions; without those after the end of the input."""
    answers: Answers = {}
    for question in QUESTIONS:
        if question.key in options:
            answers[question.key] = options[question.key]
        elif question.applies(answers):
            answer = _asked(question, answers)
            if answer is None:
                return answers | options
            answers[question.key] = answer
    return answers


def _asked(question: Question, answers: Answers) -> str | None:
    """The first right answer to a question; None at the end of the input."""
    default = question.assumed(answers) or (_region() if question.key == "hub-region" else "")
    shown = f" [{default}]" if default else ""
    while True:
        typer.echo(f"{asked(question)}{shown}: ", nl=False, err=True)
        line = sys.stdin.readline()
        if not line:
            typer.echo("", err=True)
            return None
        answer = line.strip() or default
        faults = faults_of_answers(answers | {question.key: answer}) if answer else ("an answer is needed",)
        if not faults:
            return answer
        for fault in faults:
            typer.echo(f"  {visible(fault).plain}", err=True)


def _region() -> str:
    """The region of the environment, or nothing."""
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or ""
    return region if region in known_regions() else ""
