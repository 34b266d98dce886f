"""Runs the demo's chapters, one after the other, in one simulated organization."""

from __future__ import annotations

import time
from pathlib import Path  # noqa: TC003 - typer reads annotations at run time
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.console import Console

from orgdns.config.load import ConfigInvalid, load
from sandbox import example
from sandbox.clock import moved_clock
from sandbox.demo.conflicts import make_record_by_hand, record_by_hand, reserved_name, two_claims
from sandbox.demo.names import launch, recreate, rename, terminate
from sandbox.demo.organization import show_organization, show_zones
from sandbox.demo.outage import lost_permission
from sandbox.demo.repair import deleted_record, lost_event
from sandbox.demo.report import write_report
from sandbox.demo.story import Story
from sandbox.demo.vpcs import excluded_vpc, new_vpc
from sandbox.world import world

if TYPE_CHECKING:
    from collections.abc import Callable

CHAPTERS: Final[tuple[Callable[[Story], None], ...]] = (
    show_organization,
    launch,
    rename,
    recreate,
    reserved_name,
    two_claims,
    terminate,
    record_by_hand,
    lost_event,
    deleted_record,
    new_vpc,
    excluded_vpc,
    lost_permission,
    show_zones,
    write_report,
)

# Measured on a machine with two cores.
DURATION: Final = "a minute"

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def main(
    config: Annotated[Path, typer.Option(help="The configuration file.")] = example.CONFIG,
) -> None:
    """Show a simulated organization naming its instances. Exit with 1 if a check fails, 2 if CONFIG is invalid."""
    screen = Console(highlight=False)
    began = time.perf_counter()
    try:
        loaded = load(config)
    except ConfigInvalid as invalid:
        typer.echo(str(invalid), err=True)
        raise typer.Exit(2) from invalid
    screen.print("[bold]orgdns[/] in a simulated AWS Organization: real templates, the real package, no AWS account.")
    screen.print(f"It takes about {DURATION}, the first ten seconds of which build the organization.", style="dim")
    with moved_clock() as clock, world(loaded, clock) as made:
        story = Story(made, clock, screen)
        make_record_by_hand(made)
        for chapter in CHAPTERS:
            chapter(story)
    seconds = time.perf_counter() - began
    screen.print()
    if story.failures:
        screen.print(f"[bold red]{len(story.failures)} checks failed[/] ({seconds:.0f} s)")
        raise typer.Exit(1)
    screen.print(f"[bold green]All checks passed[/] ({seconds:.0f} s). Next, try it yourself: make sandbox")


if __name__ == "__main__":
    app()
