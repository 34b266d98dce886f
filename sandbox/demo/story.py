"""What every chapter uses: headings, checks, DNS queries, and the `orgdns` command's own reports."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import boto3
import dns.rcode
from rich.text import Text

from hub.runtime import contract
from orgdns.cli.sources.deployed import Deployed, deployed
from orgdns.cli.sources.hub_account import HubAccount
from orgdns.cli.sources.ledger import HubLedger
from orgdns.cli.sources.lookup import Lookup
from sandbox.example import SCIENCE

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

    from sandbox.clock import MovedClock
    from sandbox.world import Vpc, World


FRANKFURT, IRELAND, VIRGINIA = "eu-central-1", "eu-west-1", "us-east-1"
CORP = "corp.internal"
ROBOTICS = "777777777777"


@dataclass(slots=True)
class Story:
    """The simulated organization, the screen, and the checks that failed."""

    world: World
    clock: MovedClock
    screen: Console
    failures: list[str] = field(default_factory=list)
    _chapters: int = 0

    @property
    def vpc(self) -> Vpc:
        """The VPC that DNS queries come from: another team's, on another continent."""
        return self.world.vpcs[SCIENCE, VIRGINIA]

    def chapter(self, title: str, text: str) -> None:
        """Begin the next chapter: a numbered title, and what happens and what to notice."""
        self._chapters += 1
        self.screen.print()
        self.screen.rule(f"[bold]{self._chapters}. {title}", align="left")
        self.screen.print(text, style="dim")

    def remark(self, text: str) -> None:
        """Print a sentence between checks."""
        self.screen.print(f"  {text}", style="dim")

    def check(self, statement: str, *, holds: bool) -> None:
        """Print a statement with a tick if it holds, else with a cross, and record it as failed."""
        self.screen.print(f"  [green]✓[/] {statement}" if holds else f"  [bold red]✗ {statement}")
        if not holds:
            self.failures.append(statement)

    def command(self, command: str, show: Callable[[Console], None]) -> None:
        """Print a command line, and below it what the command prints."""
        self.screen.print(f"  $ {command}", style="bold")
        with self.screen.capture() as captured:
            show(self.screen)
        for line in captured.get().rstrip().splitlines():
            self.screen.print("  [dim]│[/]", Text.from_ansi(line), soft_wrap=True)

    def answers(self, name: str, expected: set[str]) -> None:
        """Query a name for its A records, and check the addresses in the answer."""
        got = self.world.resolve(name, self.vpc)
        self.check(f"{name:<47} [cyan]{', '.join(sorted(got)) or 'no answer'}[/]", holds=got == expected)

    def does_not_exist(self, name: str) -> None:
        """Query a name, and check that the answer is NXDOMAIN."""
        rcode = self.world.ask(name, self.vpc).rcode()
        self.check(f"{name:<47} [cyan]{dns.rcode.to_text(rcode)}[/]", holds=rcode == dns.rcode.NXDOMAIN)


def lookup(made: World) -> Lookup:
    """What `orgdns explain` reads its reports from, with an administrator's key of the hub account."""
    return Lookup(HubLedger.of(*hub_and_ledger(made)), lambda _rows: None)


def hub_and_ledger(made: World) -> tuple[Deployed, Any]:
    """The deployed hub, and a client of its ledger."""
    hub = made.config.hub
    known = deployed(made.client("lambda", hub.account, hub.region), made.config.names)
    return known, made.client("dynamodb", hub.account, hub.region)


def hub_account(made: World) -> HubAccount:
    """The hub account with an administrator's key, as the commands reach it."""
    hub = made.config.hub
    key_id, secret = made.access_key(hub.account)
    session = boto3.Session(aws_access_key_id=key_id, aws_secret_access_key=secret, region_name=hub.region)
    return HubAccount(session, made.config.names)


def running_instance(made: World, account: str, region: str, name: str) -> str:
    """The id of the running instance with this Name tag."""
    answer = made.client("ec2", account, region).describe_instances(
        Filters=[{"Name": "tag:Name", "Values": [name]}, {"Name": "instance-state-name", "Values": ["running"]}]
    )
    instance_id: str = answer["Reservations"][0]["Instances"][0]["InstanceId"]
    return instance_id


def pass_an_hour(story: Story) -> None:
    """Run the sweep schedule for an hour: it sweeps a part of the spokes every five minutes."""
    for _ in range(60 // contract.SCHEDULE_MINUTES):
        story.world.sweep()
        story.clock.advance(60 * contract.SCHEDULE_MINUTES)
        story.world.converge()
