"""What CloudTrail logs of ChangeResourceRecordSets, as the Route 53 Developer Guide and CloudTrail's own show it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto.core import DEFAULT_ACCOUNT_ID as ACCOUNT

from sandbox.aws.emulator import emulated_aws
from sandbox.aws.events.route53_calls import route53_calls
from sandbox.aws.events.trails import Trails
from sandbox.aws.route53.bridge import strict_route53
from sandbox.clock import moved_clock
from tests.support.sandbox.zone_owner import REGION, client, new_vpc

if TYPE_CHECKING:
    from collections.abc import Iterator

ZONE = "Z0CORP"


@dataclass
class Sandbox:
    route53: Any
    trails: Trails = field(default_factory=Trails)
    events: list[dict[str, Any]] = field(default_factory=list)

    def create(self, *names: str, values: int = 1, route53: Any = None) -> None:  # noqa: ANN401 - a client
        records = [{"Value": f"10.0.0.{number}"} for number in range(values)]
        changes = [
            {
                "Action": "CREATE",
                "ResourceRecordSet": {"Name": name, "Type": "A", "TTL": 60, "ResourceRecords": records},
            }
            for name in names
        ]
        (route53 or self.route53).change_resource_record_sets(HostedZoneId=ZONE, ChangeBatch={"Changes": changes})


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    ids = {"corp.internal": ZONE}
    with emulated_aws(), moved_clock() as clock, strict_route53(clock, ids=ids):
        made = Sandbox(client("route53"))
        vpc = {"VPCId": new_vpc(), "VPCRegion": REGION}
        made.route53.create_hosted_zone(Name="corp.internal", CallerReference="1", VPC=vpc)
        with route53_calls(made.events.append, clock, made.trails):
            yield made


def test_o4_cloudtrail_logs_a_change_in_the_region_of_route53(sandbox: Sandbox) -> None:
    """The record has the zone, the changes with small first letters, and the caller."""
    sandbox.create("web.corp.internal")
    (event,) = sandbox.events
    detail = event["detail"]
    assert (event["source"], event["detail-type"]) == ("aws.route53", "AWS API Call via CloudTrail")
    assert (event["account"], event["region"]) == (ACCOUNT, "us-east-1")
    assert (detail["eventSource"], detail["eventName"]) == ("route53.amazonaws.com", "ChangeResourceRecordSets")
    record_set = {"name": "web.corp.internal", "type": "A", "tTL": 60, "resourceRecords": [{"value": "10.0.0.0"}]}
    assert detail["requestParameters"] == {
        "hostedZoneId": ZONE,
        "changeBatch": {"changes": [{"action": "CREATE", "resourceRecordSet": record_set}]},
    }
    assert "errorCode" not in detail


def test_o4_cloudtrail_names_users_and_sessions_of_roles(sandbox: Sandbox) -> None:
    """A user has its own ARN; a session has that of the session, and the role as its issuer."""
    iam, sts = boto3.client("iam"), boto3.client("sts")
    iam.create_user(UserName="octodns")
    key = iam.create_access_key(UserName="octodns")["AccessKey"]
    session = boto3.Session(key["AccessKeyId"], key["SecretAccessKey"])
    sandbox.create("a.corp.internal", route53=session.client("route53"))
    role = f"arn:aws:iam::{ACCOUNT}:role/deployer"
    given = sts.assume_role(RoleArn=role, RoleSessionName="apply")["Credentials"]
    session = boto3.Session(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
    sandbox.create("b.corp.internal", route53=session.client("route53"))
    user, assumed = (event["detail"]["userIdentity"] for event in sandbox.events)
    assert (user["type"], user["arn"]) == ("IAMUser", f"arn:aws:iam::{ACCOUNT}:user/octodns")
    assert (assumed["type"], assumed["arn"]) == (
        "AssumedRole",
        f"arn:aws:sts::{ACCOUNT}:assumed-role/deployer/apply",
    )
    assert assumed["sessionContext"]["sessionIssuer"]["arn"] == role


def test_o4_cloudtrail_omits_large_parameters(sandbox: Sandbox) -> None:
    """Beyond 100 KB the parameters are left out, the zone with them."""
    sandbox.create(*(f"{'n' * 60}{number}.corp.internal" for number in range(999)))
    (event,) = sandbox.events
    parameters = event["detail"]["requestParameters"]
    assert (parameters["omitted"], parameters["reason"]) == ("true", "requestParameters too large")
    assert "hostedZoneId" not in parameters


def test_o4_cloudtrail_logs_a_refused_change_with_its_error(sandbox: Sandbox) -> None:
    """An event pattern can tell it from a change that was made."""
    sandbox.create("web.corp.internal")
    with pytest.raises(ClientError, match="already exists"):
        sandbox.create("web.corp.internal")
    assert sandbox.events[1]["detail"]["errorCode"] == "InvalidChangeBatch"


def test_o4_an_account_without_a_trail_publishes_nothing(sandbox: Sandbox) -> None:
    """CloudTrail's event history alone brings no event."""
    sandbox.trails.missing.add(ACCOUNT)
    sandbox.create("web.corp.internal")
    assert sandbox.events == []
