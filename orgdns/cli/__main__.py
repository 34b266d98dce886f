"""The `orgdns` command: its subcommands, and how it starts.

A subcommand's module is imported only when the subcommand runs, as AWS's SDK alone takes longer to import than all of
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

# The subcommands, in the order of the help. `run` in the module orgdns.cli.commands.<name> is what each does, and the
# first sentence of its docstring is repeated here.
COMMANDS: Final = {
    "explain": "Say why an instance has the names it has, or why a name has the holders it has.",
    "plan": "Say what a changed policy would do to the whole organization.",
    "dead-letters": "Say what the hub's dead-letter queues hold and why, and send events again.",
    "status": "Say how all is: what waits for a person, what could not be read, how far a new policy has come.",
    "coverage": "Say which accounts, regions and VPCs are covered, which zones each VPC resolves, and what is wrong.",
    "resolve": "Say which zone and record would answer a name in a VPC, and if none, why not.",
    "pause": "Stop all writing to the zones; what happens meanwhile is kept in the ledger, for however long.",
    "resume": "Have the zones written again, and audited, so that what happened during a pause is published.",
    "approve": "Let a sweep, an audit or the associator remove what was held back: exactly what waits now.",
    "sweep": "Have spokes swept now: all their instances are compared with the ledger.",
    "audit": "Have every zone audited now: what it holds is compared with the ledger.",
}

_app: Final = typer.Typer(
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


class _Subcommand(TyperCommand):
    """A subcommand of which only name and help are known until it is used."""

    def make_context(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - typer's signature, whose types are private
        """The context of the subcommand itself, which is imported now."""
        module = import_module(f"orgdns.cli.commands.{str(self.name).replace('-', '_')}")
        app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
        app.command(self.name)(module.run)
        return get_command(app).make_context(*args, **kwargs)


@_app.callback(invoke_without_command=True)
def orgdns(
    context: typer.Context,
    *,
    version: Annotated[bool, typer.Option("--version", is_eager=True, help="Print the version.")] = False,
) -> None:
    """Explain the names that orgdns gives, plan a change of its policy, and see and settle what needs a person.

    explain, plan, status and dead-letters write nothing, but that dead-letters --resend sends events again.

    It takes the credentials that the aws command line would take: they must be of the hub account.
    """
    if version:
        typer.echo(f"orgdns {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def command() -> TyperGroup:
    """The command with its subcommands, none of which is imported yet."""
    group = get_command(_app)
    assert isinstance(group, TyperGroup)
    for name, text in COMMANDS.items():
        group.add_command(_Subcommand(name, help=text))
    return group


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; its exit code."""
    try:
        code: Any = command()(arguments, prog_name="orgdns", standalone_mode=False)
    except TyperException as wrong:
        # The usual exit code for a command line that is wrong would say here that there are changes.
        typer.echo(f"orgdns: {wrong.format_message()} (orgdns --help says more)", err=True)
        return FAILED
    return code or 0


if __name__ == "__main__":
    sys.exit(main())
