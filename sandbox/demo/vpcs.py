"""Chapters about which VPCs resolve the zones."""

from __future__ import annotations

import dns.rcode

from orgdns.cli.render.resolution import show_resolution
from orgdns.cli.reports.resolution import resolution
from orgdns.cli.sources.ledger import HubLedger, vpc_row
from orgdns.cli.sources.lookup import fqdn_of
from sandbox import example
from sandbox.aws.organization import AccountSpec
from sandbox.demo.story import CORP, FRANKFURT, IRELAND, ROBOTICS, Story, hub_and_ledger, running_instance
from sandbox.example import SEARCH


def new_vpc(story: Story) -> None:
    """A VPC of a new account resolves the zones soon after it is created."""
    made = story.world
    story.chapter(
        "A new account creates a VPC, and the VPC resolves the zones",
        "No person associates it. For each zone the networking account authorizes exactly this VPC, a role in "
        "the VPC's own account associates it, and the networking account deletes the authorization.",
    )
    made.organization.add_account(example.WORKLOAD_UNIT, AccountSpec(ROBOTICS, "Robotics"))
    vpc = made.add_vpc(ROBOTICS, IRELAND, associated=False)
    name = f"web.{CORP}"
    story.check(f"{name} queried from the new {vpc.id}: [cyan]no answer[/]", holds=not made.resolve(name, vpc))
    made.converge()
    address = {made.address(SEARCH, FRANKFURT, running_instance(made, SEARCH, FRANKFURT, "web"))}
    got = made.resolve(name, vpc)
    story.check(f"the same query seconds later: [cyan]{', '.join(sorted(got)) or 'no answer'}[/]", holds=got == address)
    authorized = [zone for zone, zone_id in made.zone_ids.items() if made.route53.authorizations(zone_id)]
    story.check("no authorization remains in the networking account", holds=not authorized)
    instance = made.launch(ROBOTICS, IRELAND, "arm")[0]
    made.converge()
    story.answers(f"arm.{IRELAND}.robotics.{CORP}", {made.address(ROBOTICS, IRELAND, instance)})


def excluded_vpc(story: Story) -> None:
    """A VPC that the policy excludes does not resolve the zones, and `orgdns resolve` says why."""
    made = story.world
    story.chapter(
        "The policy excludes a VPC",
        "The policy leaves out VPCs with the tag dns=private. Search creates one. No name of the zone resolves in it, "
        "and 'orgdns resolve' gives the reason.",
    )
    vpc = made.add_vpc(SEARCH, IRELAND, associated=False, tags={"dns": "private"})
    made.converge()
    name = f"web.{CORP}"
    answer = made.ask(name, vpc)
    rcode = dns.rcode.to_text(answer.rcode())
    story.check(f"{name} queried from {vpc.id}: [cyan]{rcode}[/]", holds=not answer.answer)
    hub = HubLedger.of(*hub_and_ledger(made))
    row = vpc_row(hub, vpc.id)
    found = resolution(row, row.vpc, fqdn_of(name)) if row.vpc else None
    if found:
        story.command(f"orgdns resolve {name} --vpc {vpc.id}", lambda screen: show_resolution(screen, row, found, ()))
    reasons = found.why_not if found else ()
    story.check(
        "the report says that the policy excludes this VPC",
        holds=any("the policy does not select this VPC" in reason for reason in reasons),
    )
