"""The whole path in the other partitions of AWS: ARNs, endpoints and regions are the partition's own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from hub.runtime.installation import DEFAULT_NAMES as NAMES
from sandbox.clock import MovedClock
from sandbox.example import HUB, NETWORK, PAYMENTS, SCIENCE
from sandbox.world import World, world
from tests.support.config.partitions import REGIONS, example_in
from tests.support.path.faults import as_role

CORP = "corp.internal"
# One partition.
pytestmark = pytest.mark.some(one_in=len(REGIONS))


@pytest.fixture(scope="module", params=REGIONS)
def made(request: pytest.FixtureRequest, clock: MovedClock) -> Iterator[World]:
    with world(example_in(request.param), clock) as organization:
        yield organization


def test_c5_an_instance_in_another_partition_gets_its_names(made: World) -> None:
    """The generated templates deploy, and an instance of each region resolves from its start until its end."""
    hub = made.config.hub.region
    for region in made.config.spokes.regions:
        name = f"web.{region}.payments.{CORP}"
        (instance,) = made.launch(PAYMENTS, region, "web")
        made.converge()
        anywhere = made.vpcs[SCIENCE, hub]
        assert made.resolve(name, anywhere) == {made.address(PAYMENTS, region, instance)}
        assert made.resolve(f"{instance}.instances.internal", anywhere) == {made.address(PAYMENTS, region, instance)}
        made.end(PAYMENTS, region, instance)
        made.converge()
        assert not made.resolve(name, anywhere)
    assert not made.guard.denied


def test_c5_sweeps_audits_and_associations_run_in_another_partition(made: World) -> None:
    """A sweep describes every spoke, an audit reads the zones, and a new VPC resolves them."""
    region = made.config.spokes.regions[-1]
    made.launch(PAYMENTS, region, "kept")
    made.converge()
    vpc = made.add_vpc(SCIENCE, region, associated=False)
    made.sweep()
    made.audit()
    assert made.resolve(f"kept.{region}.payments.{CORP}", vpc)
    assert not made.guard.denied


def test_o4_a_deleted_record_is_back_in_another_partition(made: World, clock: MovedClock) -> None:
    """CloudTrail's events of Route 53 are in the region of the partition's endpoint, and so is the rule."""
    # The account's quota of Route 53 requests recovers from the other tests.
    clock.advance(60)
    region = made.config.spokes.regions[0]
    name = f"deleted.{region}.payments.{CORP}"
    made.launch(PAYMENTS, region, "deleted")
    made.converge()
    route53, zone = made.client("route53", NETWORK), made.zone_ids[CORP]
    (record, *_) = route53.list_resource_record_sets(HostedZoneId=zone, StartRecordName=name)["ResourceRecordSets"]
    route53.change_resource_record_sets(
        HostedZoneId=zone, ChangeBatch={"Changes": [{"Action": "DELETE", "ResourceRecordSet": record}]}
    )
    anywhere = made.vpcs[SCIENCE, made.config.hub.region]
    assert not made.resolve(name, anywhere)
    made.converge()
    assert made.resolve(name, anywhere)
    (change,) = made.logged(NAMES.sweeper_function, "records changed by someone else")
    assert str(change["changed_by"]).startswith(f"arn:{made.config.partition}:iam::{NETWORK}:")


def test_c5_every_arn_has_the_partition(made: World) -> None:
    """Roles, and the calls that the functions make, name the simulated partition only."""
    partition = made.config.partition
    resources = {resource for used in made.guard.calls.values() for _, resource in used if resource != "*"}
    assert {resource.split(":")[1] for resource in resources} == {partition}
    zones = made.client("route53", NETWORK)
    assert zones.meta.partition == partition


def test_c5_a_role_arn_of_another_partition_is_denied(made: World) -> None:
    """The observer can assume the reader role by the ARN of its own partition only."""
    region = made.config.hub.region
    session: Any = boto3.client
    sts = session("sts", region_name=region, **as_role(HUB, NAMES.observer_role))
    role = f"iam::{PAYMENTS}:role/{NAMES.reader_role}"
    assert sts.assume_role(RoleArn=f"arn:{made.config.partition}:{role}", RoleSessionName="test")["Credentials"]
    with pytest.raises(ClientError, match="AccessDenied"):
        sts.assume_role(RoleArn=f"arn:aws:{role}", RoleSessionName="test")
    made.guard.denied.clear()
