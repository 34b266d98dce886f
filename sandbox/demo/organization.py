"""The first and the last chapter: what the templates deploy, and what the zones contain in the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.tree import Tree

from hub.runtime.model.names import InstanceRef
from hub.runtime.model.owner import Owner

if TYPE_CHECKING:
    from sandbox.demo.story import Story
    from sandbox.world import World


def show_organization(story: Story) -> None:
    """Show the accounts, and how many stacks each one has in each region."""
    made = story.world
    story.chapter(
        "An organization, and the stacks in it",
        "A person deploys three templates once: network, hub and rollout. The rollout's StackSets then deploy to every "
        "account below. The numbers count the stacks of each account in each region.",
    )
    backend = made.organization.backend
    regions = made.config.spokes.regions
    tree = Tree(f"organization {made.organization.id} [dim](stacks in {' + '.join(regions)})[/]")
    tree.add(f"{made.organization.management_account} management [dim]StackSets never deploy here[/]")
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
    story.check("every member account has its reader role, and every region its event rules", holds=complete)


def _stacks(made: World, account: str, region: str) -> list[str]:
    stacks = made.client("cloudformation", account, region).describe_stacks()["Stacks"]
    return [stack["StackName"] for stack in stacks if stack["StackStatus"] == "CREATE_COMPLETE"]


def show_zones(story: Story) -> None:
    """Show every record with the account and instance that hold it."""
    made = story.world
    story.chapter(
        "Every record names its owner",
        "These are all records of the zones, as the Route 53 console lists them. The owner is in each record set's "
        "SetIdentifier.",
    )
    names = {account.id: account.name for account in made.organization.backend.accounts}
    unowned = 0
    for domain in made.zone_ids:
        table = Table(f"in {domain}", "type", "value", "owner", box=None, pad_edge=False, header_style="bold")
        for name, kind, value, identifier in made.owners(domain):
            owner = InstanceRef.named(Owner(made.config.owner).holder(identifier))
            unowned += owner is None and not name.startswith("printer.")
            text = f"{names[owner.account]} {owner.id}" if owner else "[yellow]made by hand[/]"
            table.add_row(name.removesuffix(f".{domain}."), kind, value, text)
        story.screen.print(table)
        story.screen.print()
    story.check("every record but the one made by hand has an owner", holds=unowned == 0)
    story.check(
        "no other call of any role was denied, and every event reached its target",
        holds=not made.guard.denied and not made.router.undelivered,
    )
