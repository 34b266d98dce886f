"""A large organization in the sandbox: 73 zones, 60 units, 34 regions."""

from __future__ import annotations

from hub.runtime.installation import DEFAULT_NAMES as NAMES
from orgdns.config.load import parse
from sandbox.aws.organization import AccountSpec, OrganizationSpec, UnitSpec
from sandbox.clock import MovedClock
from sandbox.example import HUB, MANAGEMENT, NETWORK, PAYMENTS, WORKLOAD_UNIT
from sandbox.world import world
from tests.support.generated import large

REGION = "eu-central-1"


def test_large_organization_is_deployed_and_its_last_zone_answers(clock: MovedClock) -> None:
    """The sandbox enforces AWS's quotas at the deployment, and the functions know every zone."""
    config = parse(large())
    # One account is covered: each has a VPC in each region, which every zone resolves.
    covered = {WORKLOAD_UNIT: (AccountSpec(PAYMENTS, "Payments"),)}
    units = [UnitSpec(unit, unit, accounts=covered.get(unit, ())) for unit in config.organization.units]
    others = UnitSpec("ou-ab12-others00", "others", accounts=(AccountSpec(HUB, "Hub"), AccountSpec(NETWORK, "Network")))
    spec = OrganizationSpec(config.organization.id, MANAGEMENT, (*units, others))
    with world(config, clock, spec) as made:
        # The VPCs are associated already, so their tasks would change nothing, one after another.
        sqs = made.client("sqs", HUB)
        sqs.purge_queue(QueueUrl=sqs.get_queue_url(QueueName=NAMES.associations_queue)["QueueUrl"])
        (instance,) = made.launch(PAYMENTS, REGION, "last")
        made.converge()
        last = config.zones[-1].domain.removesuffix(".")
        vpc = made.vpcs[PAYMENTS, REGION]
        assert made.resolve(f"last.{PAYMENTS}.{last}", vpc) == {made.address(PAYMENTS, REGION, instance)}
