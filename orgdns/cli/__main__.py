"""The `orgdns` command: the list of subcommands, and the entry point.

A subcommand's module is imported only when the subcommand runs. Importing the AWS SDK alone takes longer than
`orgdns --help` should take.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from typer.core import TyperCommand, TyperGroup
from typer.exceptions import TyperException
from typer.main import get_command

from orgdns import __version__
from orgdns.cli.reports.exit_codes import FAILED

if TYPE_CHECKING:
    from collections.abc import Sequence

# The subcommands in the order of the help, each with the first line of its own help. The function `run` of the module
# that `module_of` names implements it.
COMMANDS: Final = {
    "init": "Ask a few questions, and write a commented configuration file, without AWS.",
    "validate": "Check a configuration file, and the quotas of the templates that it gives, without AWS.",
    "try": "Show which names an instance would get, and why, without AWS.",
    "test": "Check a policy with the cases of a file, without AWS.",
    "build": "Write the templates and the Lambda package of a configuration, without AWS.",
    "deploy": "Deploy the stacks of a configuration: network, hub, and rollout.",
    "explain": "Explain the names of an instance, or the holders of a name or an address.",
    "list": "List names with their instances, by patterns and filters.",
    "export": "Write names and instances as CSV, JSON, or files of other tools.",
    "whois": "Show which instances have an address, a name or an id, and of which accounts.",
    "history": "Show who had a name or an address, from when to when, and why it moved.",
    "plan": "Show what a changed policy would do to the organization.",
    "pending": "Show what a dry run keeps back, and what is in the way of it.",
    "dead-letters": "List dead letters with their reasons, and send events again.",
    "status": "Show what needs attention, and how far sweeps have come.",
    "doctor": "Check the setup of the hub and of the rollout, a line for each check.",
    "coverage": "Show which accounts, regions and VPCs orgdns covers.",
    "report": "Write a report on the whole installation: one HTML file that needs no network.",
    "resolve": "Show which zone and record answer a name in a VPC.",
    "pause": "Stop all writing to the zones, and all changes of their associations.",
    "resume": "Resume writing to the zones, and audit all of them.",
    "approve": "Approve pending removals of names and associations.",
    "sweep": "Sweep spokes now: compare their instances with the ledger.",
    "audit": "Audit all zones now: compare their records with the ledger.",
    "destroy": "Remove the stacks of a configuration, the last one first.",
}

# The modules in orgdns.cli.commands of the subcommands that are in a folder there, or have another name.
_MODULES: Final = {
    "deploy": "deployment.deploy",
    "destroy": "deployment.destroy",
    "try": "offline.trial",
    "test": "offline.cases",
    "validate": "offline.validate",
    "init": "offline.init",
    "build": "offline.build",
    "pending": "dry_run.pending",
    "list": "inventory.listing",
    "export": "inventory.export",
    "whois": "inventory.whois",
    "report": "reporting.report",
    "history": "inventory.history",
}

# The options that may stand before the subcommand, too. After it, they win.
_BEFORE_AND_AFTER: Final = frozenset({"profile", "region", "installation"})

_app: Final = typer.Typer(
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def module_of(name: str) -> str:
    """The module that implements a subcommand."""
    return f"orgdns.cli.commands.{_MODULES.get(name, name.replace('-', '_'))}"


class _Subcommand(TyperCommand):
    """A subcommand that is imported when it runs; until then, only its name and help are known."""

    def make_context(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - typer's signature, whose types are private
        """Import the subcommand, and return its context."""
        module = import_module(module_of(str(self.name)))
        app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
        app.command(self.name)(module.run)
        context = get_command(app).make_context(*args, **kwargs)
        before = context.parent.params if context.parent else {}
        for option in sorted(_BEFORE_AND_AFTER):
            if option in context.params:
                context.params[option] = context.params[option] or before.get(option)
            elif before.get(option):
                context.fail(f"orgdns {self.name} has no option --{option}")
        return context


@_app.callback(invoke_without_command=True)
def orgdns(
    context: typer.Context,
    *,
    version: Annotated[bool, typer.Option("--version", is_eager=True, help="Print the version.")] = False,
    profile: Annotated[  # noqa: ARG001 - the subcommand takes it from the context
        str | None, typer.Option(metavar="NAME", help="The AWS profile of the hub account. Default: AWS_PROFILE.")
    ] = None,
    region: Annotated[  # noqa: ARG001 - as above
        str | None,
        typer.Option(metavar="NAME", help="The region of the hub. Default: AWS_REGION, or that of the AWS profile."),
    ] = None,
    installation: Annotated[  # noqa: ARG001 - as above
        str | None,
        typer.Option(
            metavar="NAME",
            help="The installation, as its configuration names it. Default: ORGDNS_INSTALLATION, or orgdns.",
        ),
    ] = None,
) -> None:
    """Explain the names that orgdns gives, plan policy changes, and operate the hub.

    explain, list, whois, export, plan, pending, status, doctor, coverage, report and resolve write nothing to AWS;
    dead-letters writes only with --resend, and deploy and destroy only after they have asked.

    The command uses the credentials that the AWS CLI would use. They must belong to the hub account. --profile,
    --region and --installation may also stand behind the subcommand.
    """
    if version:
        typer.echo(f"orgdns {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def command() -> TyperGroup:
    """The command with its subcommands, without importing them."""
    group = get_command(_app)
    assert isinstance(group, TyperGroup)
    for name, text in COMMANDS.items():
        group.add_command(_Subcommand(name, help=text))
    return group


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command, and return its exit code."""
    try:
        code: Any = command()(arguments, prog_name="orgdns", standalone_mode=False)
    except TyperException as wrong:
        # The usual exit code for a wrong command line, 2, means here that something would change.
        typer.echo(f"orgdns: {wrong.format_message()} (see orgdns --help)", err=True)
        return FAILED
    return code or 0


if __name__ == "__main__":
    sys.exit(main())
