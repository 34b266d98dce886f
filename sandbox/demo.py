"""The story of `make demo`: a simulated organization gives names to its instances, and each step is checked.

Everything shown is asked for, not told: names by DNS queries over UDP, records and stacks by AWS's own calls.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path  # noqa: TC003 - typer reads annotations at run time
from typing import TYPE_CHECKING, Annotated, Any

import dns.rcode
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from hub.runtime import contract
from hub.runtime.model.names import InstanceRef
from orgdns.cli.render.resolution import show_resolution
from orgdns.cli.render.text import show_instance, show_name
from orgdns.cli.reports.resolution import resolution
from orgdns.cli.sources.deployed import Deployed, deployed
from orgdns.cli.sources.ledger import HubLedger, vpc_row
from orgdns.cli.sources.lookup import Lookup, fqdn_of
from orgdns.config.load import ConfigInvalid, load
from sandbox import example
from sandbox.aws.organization import AccountSpec
from sandbox.clock import moved_clock
from sandbox.example import NETWORK, PAYMENTS, SCIENCE, SEARCH
from sandbox.world import world

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.clock import MovedClock
    from sandbox.world import Vpc, World

FRANKFURT, IRELAND, VIRGINIA = "eu-central-1", "eu-west-1", "us-east-1"
CORP = "corp.internal"
ROBOTICS = "777777777777"


@dataclass(slots=True)
class Story:
    """The world, the screen, and what did not show what it should."""

    world: World
    clock: MovedClock
    screen: Console
    failures: list[str] = field(default_factory=list)

    @property
    def there(self) -> Vpc:
        """Where questions are asked from: a VPC of another team, on another continent."""
        return self.world.vpcs[SCIENCE, VIRGINIA]

    def chapter(self, title: str, text: str) -> None:
        """Begin a step."""
        self.screen.print()
        self.screen.rule(f"[bold]{title}", align="left")
        self.screen.print(text, style="dim")

    def check(self, claim: str, *, holds: bool) -> None:
        """Show whether something is as it should be."""
        self.screen.print(f"  [green]✓[/] {claim}" if holds else f"  [bold red]✗ {claim}")
        if not holds:
            self.failures.append(claim)

    def quote(self, show: Callable[[Console], None]) -> None:
        """Show what a command prints, set apart."""
        with self.screen.capture() as captured:
            show(self.screen)
        for line in captured.get().rstrip().splitlines():
            self.screen.print("  [dim]│[/]", Text.from_ansi(line), soft_wrap=True)

    def answers(self, name: str, expected: set[str]) -> None:
        """Ask for a name, and check what comes back."""
        got = self.world.resolve(name, self.there)
        self.check(f"{name:<44} [cyan]{', '.join(sorted(got)) or 'no answer'}[/]", holds=got == expected)

    def does_not_exist(self, name: str) -> None:
        """Ask for a name that must not be there."""
        rcode = self.world.ask(name, self.there).rcode()
        self.check(f"{name:<44} [cyan]{dns.rcode.to_text(rcode)}[/]", holds=rcode == dns.rcode.NXDOMAIN)


def tell(story: Story) -> None:
    """The whole story."""
    _organization(story)
    by_hand = _record_by_hand(story)
    _launch(story)
    _rename(story)
    _recreation(story)
    _refusal(story)
    _conflict(story)
    _end(story)
    _by_hand_still(story, by_hand)
    _lost_event(story)
    _meddling(story)
    _association(story)
    _left_out(story)
    _zone(story)


def _organization(story: Story) -> None:
    made = story.world
    story.chapter(
        "1. An organization, and what the templates put there",
        "The network, hub and rollout templates are deployed once; the StackSets of the last one do the rest.",
    )
    backend = made.organization.backend
    regions = made.config.spokes.regions
    tree = Tree(f"organization {made.organization.id} [dim](number of stacks in {' + '.join(regions)})[/]")
    tree.add(f"{made.organization.management_account} management [dim]not reached by StackSets[/]")
    branches = {made.organization.root_id: tree}
    complete = True
    for unit in (unit for unit in backend.ou if unit.parent_id):
        branch = branches[unit.parent_id].add(f"{unit.id} {unit.name}")
        branches[unit.id] = branch
        for account in (account for account in backend.accounts if account.parent_id == unit.id):
            stacks = {region: _stacks(made, account.id, region) for region in regions}
            counts = " + ".join(str(len(names)) for names in stacks.values())
            branch.add(f"{account.id} {account.name} [dim]{counts}[/]")
            complete &= all(any("region" in name for name in names) for names in stacks.values())
            complete &= any("account" in name for name in stacks[made.config.hub.region])
    story.screen.print(tree)
    story.check("every member account has its reader role, and each region its rules", holds=complete)


def _stacks(made: World, account: str, region: str) -> list[str]:
    stacks = made.client("cloudformation", account, region).describe_stacks()["Stacks"]
    return [stack["StackName"] for stack in stacks if stack["StackStatus"] == "CREATE_COMPLETE"]


def _record_by_hand(story: Story) -> dict[str, object]:
    """A record that the central team made long ago."""
    record_set: dict[str, object] = {
        "Name": f"printer.{CORP}.",
        "Type": "A",
        "TTL": 3600,
        "ResourceRecords": [{"Value": "10.0.99.9"}],
    }
    story.world.client("route53", NETWORK).change_resource_record_sets(
        HostedZoneId=story.world.zone_ids[CORP],
        ChangeBatch={"Changes": [{"Action": "CREATE", "ResourceRecordSet": record_set}]},
    )
    return record_set


def _launch(story: Story) -> None:
    made = story.world
    story.chapter(
        "2. Instances start, and their names answer",
        f"Three accounts, three regions. The questions come over UDP from {story.there.id}, a VPC of Data Science in "
        f"{VIRGINIA}.",
    )
    before = len(made.route53.batches)
    started = [
        (account, region, name, made.launch(account, region, name)[0])
        for account, region, name in (
            (PAYMENTS, FRANKFURT, "web"),
            (PAYMENTS, IRELAND, "ledger db"),
            (SEARCH, VIRGINIA, "index"),
            (SCIENCE, IRELAND, "notebook"),
        )
    ]
    made.converge()
    for account, region, name, instance in started:
        address = {made.address(account, region, instance)}
        label = name.replace(" ", "-")
        owner = made.organization.backend.get_account_by_id(account).name.lower().replace(" ", "-")
        story.answers(f"{label}.{region}.{owner}.{CORP}", address)
        if account != SCIENCE:
            story.answers(f"{label}.{CORP}", address)
        story.answers(f"{instance}.instances.internal", address)
    story.screen.print("  Data Science was given no short names:", style="dim")
    story.does_not_exist(f"notebook.{CORP}")
    calls = len(made.route53.batches) - before
    story.check(f"all of that took {calls} calls that change records, one a zone", holds=calls == len(made.zone_ids))


def _rename(story: Story) -> None:
    made = story.world
    story.chapter("3. A tag changes, and the name moves", "Search renames its instance from 'index' to 'catalogue'.")
    instance = _instance(made, SEARCH, VIRGINIA, "index")
    made.tag(SEARCH, VIRGINIA, instance, Name="catalogue")
    made.converge()
    story.answers(f"catalogue.{CORP}", {made.address(SEARCH, VIRGINIA, instance)})
    story.does_not_exist(f"index.{CORP}")


def _recreation(story: Story) -> None:
    made = story.world
    story.chapter(
        "4. An instance is re-created under its name, in another account",
        "Search starts a new 'web', Payments ends the old one. The name is asked for before and after each function "
        "runs.",
    )
    old = _instance(made, PAYMENTS, FRANKFURT, "web")
    story.clock.advance(60)
    (new,) = made.launch(SEARCH, FRANKFURT, "web")
    made.end(PAYMENTS, FRANKFURT, old)
    seen: list[set[str]] = []
    made.functions.interrupt = lambda _function, _moment: seen.append(made.resolve(f"web.{CORP}", story.there))
    made.converge()
    made.functions.interrupt = lambda _function, _moment: None
    told = " → ".join(", ".join(sorted(answers)) or "nothing" for answers in seen)
    story.check(f"asked {len(seen)} times: [cyan]{told}[/]", holds=all(len(answers) == 1 for answers in seen))
    story.answers(f"web.{CORP}", {made.address(SEARCH, FRANKFURT, new)})


def _refusal(story: Story) -> None:
    made = story.world
    story.chapter(
        "5. A name that nobody gets by a tag",
        f"Policy reserves 'db.{CORP}'. Payments tags an instance 'DB' all the same, and asks why it does not resolve:",
    )
    (instance,) = made.launch(PAYMENTS, FRANKFURT, "DB")
    made.converge()
    story.does_not_exist(f"db.{CORP}")
    story.screen.print(f"  $ orgdns explain {instance}", style="bold")
    (report,) = _lookup(made).instances(f"{PAYMENTS}/{FRANKFURT}/{instance}")
    story.quote(lambda screen: show_instance(screen, report))
    reasons = [refusal.reason for refusal in report.refused]
    story.check("the reason is told", holds=len(reasons) == 1 and "reserved" in reasons[0])
    made.end(PAYMENTS, FRANKFURT, instance)
    made.converge()


def _conflict(story: Story) -> None:
    made = story.world
    name = f"api.{CORP}"
    story.chapter(
        "6. Two instances want one name",
        "Payments runs 'api'; a minute later Search starts another. The rule says 'newest'. Who holds it, and why?",
    )
    (first,) = made.launch(PAYMENTS, FRANKFURT, "api")
    made.converge()
    story.clock.advance(60)
    (second,) = made.launch(SEARCH, IRELAND, "api")
    made.converge()
    story.answers(name, {made.address(SEARCH, IRELAND, second)})
    story.screen.print(f"  $ orgdns explain {name}", style="bold")
    (report,) = _lookup(made).names(name)
    story.quote(lambda screen: show_name(screen, report))
    lost = {standing.claim.instance.id: standing.reason for standing in report.claim_statuses if not standing.holds}
    story.check("the other one keeps its claim, and the reason", holds=set(lost) == {first} and second in lost[first])
    story.screen.print("  Search's instance ends. Of the one in Payments no event comes:", style="dim")
    heard = _heard(made, first)
    made.end(SEARCH, IRELAND, second)
    made.converge()
    story.answers(name, {made.address(PAYMENTS, FRANKFURT, first)})
    story.check("it took the name over by the claim that it had", holds=_heard(made, first) == heard)


def _lookup(made: World) -> Lookup:
    """What `orgdns explain` looks things up with, as an operator of the hub account."""
    return Lookup(*_deployed(made), lambda _rows: None)


def _deployed(made: World) -> tuple[Deployed, Any]:
    """What was deployed, and a client of its ledger."""
    hub = made.config.hub
    known = deployed(made.client("lambda", hub.account, hub.region))
    return known, made.client("dynamodb", hub.account, hub.region)


def _heard(made: World, instance: str) -> int:
    """How many lines of the observer's log are about an instance."""
    lines = made.functions.logs(contract.OBSERVER_FUNCTION)
    return sum(isinstance(line, dict) and instance in str(line.get("instance")) for line in lines)


def _end(story: Story) -> None:
    made = story.world
    story.chapter("7. An instance ends, and its names go", "Payments terminates 'ledger db'.")
    instance = _instance(made, PAYMENTS, IRELAND, "ledger db")
    made.end(PAYMENTS, IRELAND, instance)
    made.converge()
    story.does_not_exist(f"ledger-db.{CORP}")
    story.does_not_exist(f"{instance}.instances.internal")


def _by_hand_still(story: Story, by_hand: dict[str, object]) -> None:
    made = story.world
    story.chapter(
        "8. A record made by hand is never touched",
        f"'printer.{CORP}' stands in the same zone since before. Payments starts an instance of that name.",
    )
    made.launch(PAYMENTS, FRANKFURT, "printer")
    made.converge()
    listed = made.client("route53", NETWORK).list_resource_record_sets(
        HostedZoneId=made.zone_ids[CORP], StartRecordName=f"printer.{CORP}", MaxItems="1"
    )["ResourceRecordSets"]
    story.check("the record is as it was, to the last value", holds=listed == [by_hand])
    story.answers(f"printer.{CORP}", {"10.0.99.9"})
    told = made.logged(contract.PUBLISHER_FUNCTION, "name in conflict")
    reason = told[-1]["reason"] if told else "nothing"
    story.check(f"the publisher's log tells: {reason}", holds=len(told) == 1)
    story.answers(
        f"printer.{FRANKFURT}.payments.{CORP}",
        {made.address(PAYMENTS, FRANKFURT, _instance(made, PAYMENTS, FRANKFURT, "printer"))},
    )


def _lost_event(story: Story) -> None:
    made = story.world
    story.chapter(
        "9. An event is lost, and a sweep finds the instance",
        "AWS delivers EC2's events by best effort. Once an hour each spoke is swept as a whole.",
    )
    made.router.tamper = lambda _event: ()
    (instance,) = made.launch(SCIENCE, IRELAND, "unheard")
    made.converge()
    made.router.tamper = lambda event: (event,)
    name = f"unheard.{IRELAND}.data-science.{CORP}"
    story.does_not_exist(name)
    # What an event may still be on its way for is not counted as missed.
    story.clock.advance(1_200)
    _an_hour(story)
    story.answers(name, {made.address(SCIENCE, IRELAND, instance)})
    swept = [line for line in made.logged(contract.SWEEPER_FUNCTION, "spoke swept") if line["changed"]]
    told = f"{swept[-1]['changed']} instance in {swept[-1]['spoke']}" if swept else "nothing"
    story.check(f"the sweeper's log tells: {told}", holds=[line["spoke"] for line in swept] == [f"{SCIENCE}/{IRELAND}"])


def _an_hour(story: Story) -> None:
    """Let the schedule ask for a part of the spokes every five minutes, as it does."""
    for _ in range(60 // contract.SCHEDULE_MINUTES):
        story.world.sweep()
        story.clock.advance(60 * contract.SCHEDULE_MINUTES)
        story.world.converge()


def _meddling(story: Story) -> None:
    made = story.world
    story.chapter(
        "10. Somebody deletes a record, and the ledger is lost; neither stays so",
        "Once a day an audit compares each zone with the ledger, and sweeps and audits rebuild a ledger that was lost.",
    )
    instance = _instance(made, SCIENCE, IRELAND, "unheard")
    name = f"unheard.{IRELAND}.data-science.{CORP}"
    route53 = made.client("route53", NETWORK)
    zone = made.zone_ids[CORP]
    (record, *_) = route53.list_resource_record_sets(HostedZoneId=zone, StartRecordName=name)["ResourceRecordSets"]
    route53.change_resource_record_sets(
        HostedZoneId=zone, ChangeBatch={"Changes": [{"Action": "DELETE", "ResourceRecordSet": record}]}
    )
    story.does_not_exist(name)
    made.audit()
    story.answers(name, {made.address(SCIENCE, IRELAND, instance)})
    before, batches = made.owners(CORP), len(made.route53.batches)
    made.empty_ledger()
    made.audit()
    _an_hour(story)
    made.audit()
    story.check("the ledger is whole again, and no record changed by it", holds=made.owners(CORP) == before)
    story.check("no change batch was sent for that", holds=len(made.route53.batches) == batches)


def _association(story: Story) -> None:
    made = story.world
    story.chapter(
        "11. A new account makes a VPC, and the VPC resolves the zones",
        "Nobody associates anything by hand: the networking account authorises exactly this VPC, the role of its own "
        "account associates it, and the authorisation is taken away again.",
    )
    made.organization.add_account(example.WORKLOAD_UNIT, AccountSpec(ROBOTICS, "Robotics"))
    vpc = made.add_vpc(ROBOTICS, IRELAND, associated=False)
    name = f"web.{CORP}"
    story.check(f"{vpc.id} of Robotics asks for {name}: [cyan]no answer[/]", holds=not made.resolve(name, vpc))
    made.converge()
    address = {made.address(SEARCH, FRANKFURT, _instance(made, SEARCH, FRANKFURT, "web"))}
    got = made.resolve(name, vpc)
    story.check(f"seconds later: [cyan]{', '.join(sorted(got)) or 'no answer'}[/]", holds=got == address)
    left = [zone for zone, zone_id in made.zone_ids.items() if made.route53.authorizations(zone_id)]
    story.check("no authorisation is left in the networking account", holds=not left)
    instance = made.launch(ROBOTICS, IRELAND, "arm")[0]
    made.converge()
    story.answers(f"arm.{IRELAND}.robotics.{CORP}", {made.address(ROBOTICS, IRELAND, instance)})


def _left_out(story: Story) -> None:
    made = story.world
    story.chapter(
        "12. Who may not ask, and why",
        "Policy leaves out VPCs that are tagged 'dns' = 'private'. Search makes one, and asks why nothing resolves:",
    )
    vpc = made.add_vpc(SEARCH, IRELAND, associated=False, tags={"dns": "private"})
    made.converge()
    name = f"web.{CORP}"
    answer = made.ask(name, vpc)
    told = dns.rcode.to_text(answer.rcode())
    story.check(f"{name} asked for in {vpc.id}: [cyan]{told}[/]", holds=not answer.answer)
    story.screen.print(f"  $ orgdns resolve {name} --vpc {vpc.id}", style="bold")
    hub = HubLedger.of(*_deployed(made))
    row = vpc_row(hub, vpc.id)
    found = resolution(row, row.vpc, fqdn_of(name)) if row.vpc else None
    if found:
        story.quote(lambda screen: show_resolution(screen, row, found, ()))
    reasons = found.why_not if found else ()
    story.check("the reason is told", holds=any("policy does not have this VPC resolve it" in one for one in reasons))


def _zone(story: Story) -> None:
    made = story.world
    story.chapter("13. The zones, with the owner of each record", "As the Route 53 console shows them, too.")
    names = {account.id: account.name for account in made.organization.backend.accounts}
    unknown = 0
    for domain in made.zone_ids:
        table = Table(f"in {domain}", "type", "value", "owner", box=None, pad_edge=False, header_style="bold")
        for name, kind, value, identifier in made.owners(domain):
            owner = InstanceRef.of_set_identifier(identifier)
            unknown += owner is None and not name.startswith("printer.")
            told = f"{names[owner.account]} {owner.id}" if owner else "[yellow]made by hand[/]"
            table.add_row(name.removesuffix(f".{domain}."), kind, value, told)
        story.screen.print(table)
        story.screen.print()
    story.check("every record has its owner, but the one made by hand", holds=unknown == 0)
    story.check(
        "no role asked for what it may not, no event was lost",
        holds=not made.guard.denied and not made.router.undelivered,
    )


def _instance(made: World, account: str, region: str, name: str) -> str:
    """The running instance of a name."""
    answer = made.client("ec2", account, region).describe_instances(
        Filters=[{"Name": "tag:Name", "Values": [name]}, {"Name": "instance-state-name", "Values": ["running"]}]
    )
    instance_id: str = answer["Reservations"][0]["Instances"][0]["InstanceId"]
    return instance_id


app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def main(
    config: Annotated[Path, typer.Option(help="The configuration file.")] = example.CONFIG,
) -> None:
    """Show a simulated organization giving names to its instances; exit 1 if any step does not show what it should."""
    screen = Console(highlight=False)
    began = time.perf_counter()
    try:
        loaded = load(config)
    except ConfigInvalid as invalid:
        typer.echo(str(invalid), err=True)
        raise typer.Exit(2) from invalid
    screen.print("[bold]orgdns[/] in a simulated AWS Organization: real templates, real package, no AWS account.")
    screen.print("building the organization and deploying the templates ...", style="dim")
    with moved_clock() as clock, world(loaded, clock) as made:
        story = Story(made, clock, screen)
        tell(story)
    seconds = time.perf_counter() - began
    screen.print()
    if story.failures:
        screen.print(f"[bold red]{len(story.failures)} steps did not show what they should[/] ({seconds:.0f} s)")
        raise typer.Exit(1)
    screen.print(f"[bold green]All steps showed what they should[/] ({seconds:.0f} s). Now try: make sandbox")


if __name__ == "__main__":
    app()
