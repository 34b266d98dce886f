"""The rollout in an organization in which some accounts fail: StackSets go on, and the reports say what remains."""

from __future__ import annotations

from generate import templates
from sandbox.example import HUB, PAYMENTS, SCIENCE, SEARCH
from sandbox.world import World
from sandbox.world.deployment import NAMED_IAM, ROLLOUT_STACK, Deployment

REGION = "eu-central-1"


def roll_out(made: World, days: int = 14) -> None:
    """Deploy the rollout again. The number of days changes the template of every region's stack."""
    body = templates(made.config)["rollout.yaml"]
    changed = body.replace("MessageRetentionPeriod: 1209600", f"MessageRetentionPeriod: {days * 86_400}")
    parameters = Deployment(made.config, made.deployer, made.client).parameters_of(body)
    made.deployer.deploy(HUB, made.config.hub.region, ROLLOUT_STACK, changed, parameters, NAMED_IAM)


def rolled_out(made: World) -> dict[tuple[str, str], str]:
    """The status of each stack of the rollout that forwards events."""
    client = made.client("cloudformation", HUB)
    summaries = client.list_stack_instances(StackSetName="orgdns-spoke-region")["Summaries"]
    return {(each["Account"], each["Region"]): each["Status"] for each in summaries}


def test_c6_region_that_some_accounts_did_not_enable(made: World) -> None:
    """The rollout fails in those accounts and that region only. A new deployment heals it."""
    with made.regions.disabled(SEARCH, "eu-west-1"), made.regions.disabled(PAYMENTS, "eu-west-1"):
        roll_out(made, days=13)
        found = rolled_out(made)
    assert {found.pop((account, "eu-west-1")) for account in (SEARCH, PAYMENTS)} == {"OUTDATED"}
    assert {PAYMENTS, SCIENCE, SEARCH} <= {account for account, _ in found}
    assert set(found.values()) == {"CURRENT"}
    roll_out(made)
    assert set(rolled_out(made).values()) == {"CURRENT"}
