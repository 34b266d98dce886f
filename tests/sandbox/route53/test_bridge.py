"""Real clients against the bridge, in process and once over HTTP."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.server import ThreadedMotoServer

from sandbox.aws.route53.bridge import strict_route53
from sandbox.aws.route53.state import Limits, StrictRoute53
from sandbox.clock import RealClock, moved_clock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mypy_boto3_route53 import Route53Client
    from mypy_boto3_route53.literals import ChangeActionType, RRTypeType
    from mypy_boto3_route53.type_defs import ChangeTypeDef, VPCTypeDef

    from sandbox.clock import MovedClock

REGION: Final = "eu-west-1"
SESSION = boto3.Session("testing", "testing", region_name=REGION)
OTHER_ACCOUNT = "210987654321"
# One attempt, so that what is refused is seen and not tried again.
ONCE = Config(retries={"total_max_attempts": 1, "mode": "standard"})


@dataclass
class Sandbox:
    clock: MovedClock
    strict: StrictRoute53
    route53: Route53Client
    vpc: str


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    ids = {"corp.internal": "Z0CORP"}
    with mock_aws(), moved_clock() as clock, strict_route53(clock, ids=ids) as strict:
        vpc = new_vpc()
        route53 = SESSION.client("route53", config=ONCE)
        route53.create_hosted_zone(Name="corp.internal", CallerReference="1", VPC={"VPCId": vpc, "VPCRegion": REGION})
        strict.calls.clear()
        yield Sandbox(clock, strict, route53, vpc)


def new_vpc(account: str | None = None) -> str:
    session = SESSION
    if account is not None:
        role = f"arn:aws:iam::{account}:role/any"
        got = SESSION.client("sts").assume_role(RoleArn=role, RoleSessionName="any")["Credentials"]
        session = boto3.Session(got["AccessKeyId"], got["SecretAccessKey"], got["SessionToken"], REGION)
    ec2 = session.client("ec2")
    return ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]


def change(
    action: ChangeActionType,
    name: str = "web.corp.internal",
    value: str = "10.0.0.1",
    identifier: str | None = "one",
    type_: RRTypeType = "A",
) -> ChangeTypeDef:
    made: ChangeTypeDef = {
        "Action": action,
        "ResourceRecordSet": {"Name": name, "Type": type_, "TTL": 60, "ResourceRecords": [{"Value": value}]},
    }
    if identifier is not None:
        made["ResourceRecordSet"]["SetIdentifier"] = identifier
        made["ResourceRecordSet"]["MultiValueAnswer"] = True
    return made


def send(sandbox: Sandbox, *changes: ChangeTypeDef, zone_id: str = "Z0CORP") -> None:
    sandbox.route53.change_resource_record_sets(HostedZoneId=zone_id, ChangeBatch={"Changes": changes})


def refusal(call: Callable[[], object]) -> tuple[str, str, int]:
    with pytest.raises(ClientError) as refused:
        call()
    error = refused.value.response
    return error["Error"]["Code"], error["Error"]["Message"], error["ResponseMetadata"]["HTTPStatusCode"]


def test_a_private_zone_is_made_with_its_chosen_id_and_vpc(sandbox: Sandbox) -> None:
    """The zone knows its VPC, the VPC its zone, and the record sets at the apex are there."""
    zone = sandbox.route53.get_hosted_zone(Id="Z0CORP")
    assert zone["HostedZone"]["Id"] == "/hostedzone/Z0CORP"
    assert zone["HostedZone"]["Config"]["PrivateZone"]
    assert zone["HostedZone"]["ResourceRecordSetCount"] == 2
    assert zone["VPCs"] == [{"VPCRegion": REGION, "VPCId": sandbox.vpc}]
    summaries = sandbox.route53.list_hosted_zones_by_vpc(VPCId=sandbox.vpc, VPCRegion=REGION)["HostedZoneSummaries"]
    assert [summary["HostedZoneId"] for summary in summaries] == ["Z0CORP"]
    assert [record_set.type for record_set in sandbox.strict.record_sets("Z0CORP")] == ["NS", "SOA"]
    assert [zone["Name"] for zone in sandbox.route53.list_hosted_zones()["HostedZones"]] == ["corp.internal."]


def test_a_chosen_id_is_given_once(sandbox: Sandbox) -> None:
    """A second zone of the same name has an id of its own."""
    made = sandbox.route53.create_hosted_zone(
        Name="corp.internal",
        CallerReference="2",
        VPC={"VPCId": new_vpc(), "VPCRegion": REGION},
    )
    assert made["HostedZone"]["Id"] != "/hostedzone/Z0CORP"


def test_a_private_zone_needs_a_vpc_of_its_own_account(sandbox: Sandbox) -> None:
    """Without one, or with another account's, there is no zone."""
    create = sandbox.route53.create_hosted_zone
    foreign = new_vpc(OTHER_ACCOUNT)
    assert (
        refusal(
            lambda: create(Name="b.internal", CallerReference="2", HostedZoneConfig={"PrivateZone": True}),
        )[0]
        == "InvalidInput"
    )
    assert (
        refusal(
            lambda: create(Name="b.internal", CallerReference="2", VPC={"VPCId": foreign, "VPCRegion": REGION}),
        )[0]
        == "InvalidVPCId"
    )


def test_a_vpc_has_one_zone_of_a_name(sandbox: Sandbox) -> None:
    """Neither a new zone nor an association may give it a second."""
    vpc: VPCTypeDef = {"VPCId": sandbox.vpc, "VPCRegion": REGION}
    create = sandbox.route53.create_hosted_zone
    code, message, _ = refusal(lambda: create(Name="corp.internal", CallerReference="2", VPC=vpc))
    assert code == "ConflictingDomainExists"
    assert "Z0CORP" in message
    other = create(Name="corp.internal", CallerReference="3", VPC={"VPCId": new_vpc(), "VPCRegion": REGION})
    other_id = other["HostedZone"]["Id"]
    associate = sandbox.route53.associate_vpc_with_hosted_zone
    assert refusal(lambda: associate(HostedZoneId=other_id, VPC=vpc))[0] == "ConflictingDomainExists"


def test_vpcs_of_any_account_see_what_they_are_associated_with(sandbox: Sandbox) -> None:
    """By the owner's call within the account, by hand for another account's, and until it is taken back."""
    own, foreign = new_vpc(), new_vpc(OTHER_ACCOUNT)
    assert sandbox.strict.zones_of_vpc(own) == sandbox.strict.zones_of_vpc(foreign) == ()
    vpc: VPCTypeDef = {"VPCId": own, "VPCRegion": REGION}
    sandbox.route53.associate_vpc_with_hosted_zone(HostedZoneId="Z0CORP", VPC=vpc)
    sandbox.strict.associate("Z0CORP", foreign, REGION)
    for each in (sandbox.vpc, own, foreign):
        assert [zone.domain for zone in sandbox.strict.zones_of_vpc(each)] == ["corp.internal."]
    sandbox.route53.disassociate_vpc_from_hosted_zone(HostedZoneId="Z0CORP", VPC=vpc)
    assert sandbox.strict.zones_of_vpc(own) == ()
    with pytest.raises(LookupError):
        sandbox.strict.associate("Z0NONE", own, REGION)


def test_a_refused_batch_tells_every_fault_and_changes_nothing(sandbox: Sandbox) -> None:
    """Over the wire: InvalidChangeBatch, HTTP 400, the messages in square brackets; and the log tells it."""
    send(sandbox, change("CREATE"))
    before = sandbox.strict.record_sets("Z0CORP")
    code, message, status = refusal(
        lambda: send(
            sandbox, change("CREATE", identifier="two"), change("CREATE"), change("DELETE", "a.corp.internal")
        ),
    )
    assert (code, status) == ("InvalidChangeBatch", 400)
    assert message == (
        "[Tried to create resource record set [name='web.corp.internal.', type='A', set-identifier='one'] "
        "but it already exists, "
        "Tried to delete resource record set [name='a.corp.internal.', type='A', set-identifier='one'] "
        "but it was not found]"
    )
    assert sandbox.strict.record_sets("Z0CORP") == before
    logged = [(batch.zone_id, batch.changes, batch.outcome) for batch in sandbox.strict.batches]
    assert logged == [("Z0CORP", 1, "INSYNC"), ("Z0CORP", 3, "InvalidChangeBatch")]
    assert sandbox.strict.calls == {"ChangeResourceRecordSets": 2}


def test_what_cannot_be_read_is_refused_before_the_zone_is_looked_at(sandbox: Sandbox) -> None:
    """A label too long, a set identifier without a policy, and a zone that is not there."""
    code, message, _ = refusal(lambda: send(sandbox, change("CREATE", "a" * 64 + ".corp.internal")))
    assert code == "InvalidChangeBatch"
    assert message.startswith("FATAL problem: DomainLabelTooLong")
    no_policy = change("DELETE")
    del no_policy["ResourceRecordSet"]["MultiValueAnswer"]
    assert refusal(lambda: send(sandbox, no_policy))[0] == "InvalidInput"
    assert refusal(lambda: send(sandbox, change("CREATE"), zone_id="Z0NONE"))[0] == "NoSuchHostedZone"


def test_a_batch_over_the_limits_is_refused_in_brackets(sandbox: Sandbox) -> None:
    """1,000 records are taken, 1,001 are not."""
    full = [change("CREATE", f"a{number}.corp.internal") for number in range(1_000)]
    send(sandbox, *full)
    code, message, _ = refusal(lambda: send(sandbox, *full, change("CREATE")))
    assert (code, message) == ("InvalidChangeBatch", "[Number of records limit of 1000 exceeded.]")


def test_listing_pages_by_reversed_labels_with_names_escaped(sandbox: Sandbox) -> None:
    """Pages follow each other through the members of one name, 300 record sets each at most."""
    members = [change("CREATE", identifier=f"{number:03}") for number in range(100)]
    others = [change("CREATE", f"a{number:03}.corp.internal") for number in range(250)]
    send(sandbox, *members, *others, change("CREATE", "*.web.corp.internal"))
    first = sandbox.route53.list_resource_record_sets(HostedZoneId="Z0CORP", MaxItems="1000")
    assert len(first["ResourceRecordSets"]) == 300
    assert (first["NextRecordName"], first["NextRecordType"]) == ("web.corp.internal.", "A")
    assert first["NextRecordIdentifier"] == "048"
    pages = sandbox.route53.get_paginator("list_resource_record_sets").paginate(HostedZoneId="Z0CORP")
    listed = [record_set for page in pages for record_set in page["ResourceRecordSets"]]
    keys = [(record_set["Name"], record_set.get("SetIdentifier", record_set["Type"])) for record_set in listed]
    assert len(set(keys)) == len(keys) == 353
    assert keys[-2:] == [("web.corp.internal.", "099"), ("\\052.web.corp.internal.", "one")]
    assert listed[-1]["MultiValueAnswer"] is True
    one = sandbox.route53.list_resource_record_sets(
        HostedZoneId="Z0CORP",
        StartRecordName="*.WEB.corp.internal",
        MaxItems="1",
    )
    assert [record_set["Name"] for record_set in one["ResourceRecordSets"]] == ["\\052.web.corp.internal."]
    assert not one["IsTruncated"]


def test_a_listing_that_starts_nowhere_is_invalid(sandbox: Sandbox) -> None:
    """A type needs a name."""
    listing = sandbox.route53.list_resource_record_sets
    assert refusal(lambda: listing(HostedZoneId="Z0CORP", StartRecordType="A"))[0] == "InvalidInput"
    assert refusal(lambda: listing(HostedZoneId="Z0CORP", StartRecordName="a..b"))[0] == "InvalidInput"


def test_what_was_listed_can_be_deleted(sandbox: Sandbox) -> None:
    """Aliases, weights and health checks come back as they were given, and match."""
    alias: ChangeTypeDef = {
        "Action": "CREATE",
        "ResourceRecordSet": {
            "Name": "alias.corp.internal",
            "Type": "A",
            "SetIdentifier": "heavy",
            "Weight": 0,
            "HealthCheckId": "abc",
            "AliasTarget": {"HostedZoneId": "Z0CORP", "DNSName": "web.corp.internal.", "EvaluateTargetHealth": False},
        },
    }
    send(sandbox, alias, change("CREATE"), change("CREATE", "simple.corp.internal", identifier=None))
    listed = sandbox.route53.list_resource_record_sets(HostedZoneId="Z0CORP")["ResourceRecordSets"]
    assert listed[2] == {**alias["ResourceRecordSet"], "Name": "alias.corp.internal."}
    deletes: list[ChangeTypeDef] = [{"Action": "DELETE", "ResourceRecordSet": record_set} for record_set in listed[2:]]
    send(sandbox, *deletes)
    assert len(sandbox.strict.record_sets("Z0CORP")) == 2


def test_only_an_empty_zone_is_deleted(sandbox: Sandbox) -> None:
    """NS and SOA do not count."""
    send(sandbox, change("CREATE"))
    delete = sandbox.route53.delete_hosted_zone
    assert refusal(lambda: delete(Id="Z0CORP"))[0] == "HostedZoneNotEmpty"
    send(sandbox, change("DELETE"))
    delete(Id="Z0CORP")
    assert sandbox.route53.list_hosted_zones()["HostedZones"] == []


def test_calls_over_the_request_bucket_are_throttled(sandbox: Sandbox) -> None:
    """One call was made by the fixture: 49 more go through at once, and ten after a second."""
    for _ in range(49):
        sandbox.route53.list_hosted_zones()
    throttled = ("Throttling", "Rate exceeded", 400)
    assert refusal(sandbox.route53.list_hosted_zones) == throttled
    sandbox.clock.advance(1)
    for _ in range(10):
        sandbox.route53.list_hosted_zones()
    assert refusal(sandbox.route53.list_hosted_zones) == throttled
    assert sandbox.strict.calls["ListHostedZones"] == 61
    assert sandbox.strict.throttled == {"ListHostedZones": 2}


def test_changes_over_the_change_bucket_are_throttled(sandbox: Sandbox) -> None:
    """1,500 changes at once, of which the zone's creation took two; the batch is taken whole or not at all."""
    send(sandbox, *(change("CREATE", f"a{number}.corp.internal") for number in range(1_000)))
    rest = [change("CREATE", f"b{number}.corp.internal") for number in range(499)]
    assert refusal(lambda: send(sandbox, *rest)) == ("Throttling", "Rate exceeded", 400)
    assert sandbox.strict.batches[-1].outcome == "Throttling"
    send(sandbox, *rest[:498])
    sandbox.clock.advance(1)
    send(sandbox, *(change("UPSERT", f"c{number}.corp.internal") for number in range(50)))
    assert refusal(lambda: send(sandbox, change("CREATE"))) == ("Throttling", "Rate exceeded", 400)


def test_the_owner_of_the_call_pays_for_it(sandbox: Sandbox) -> None:
    """Another account's calls do not empty the zone owner's bucket."""
    new_vpc(OTHER_ACCOUNT)
    while sandbox.strict.account(OTHER_ACCOUNT).admits("GetHostedZone"):
        pass
    sandbox.route53.list_hosted_zones()


def test_a_busy_zone_refuses_a_change(sandbox: Sandbox) -> None:
    """Another change of the zone within its busy time gets PriorRequestNotComplete, and one after it does not."""
    sandbox.strict.limits.busy_seconds = 2
    send(sandbox, change("CREATE"))
    code, message, status = refusal(lambda: send(sandbox, change("DELETE")))
    assert (code, status) == ("PriorRequestNotComplete", 400)
    assert "still processing a prior request" in message
    assert sandbox.strict.batches[-1].outcome == "PriorRequestNotComplete"
    sandbox.clock.advance(2)
    send(sandbox, change("DELETE"))


def test_the_quota_of_record_sets_can_be_tuned(sandbox: Sandbox) -> None:
    """With room for one more than NS and SOA, the second is refused."""
    sandbox.strict.limits.record_sets = 3
    message = refusal(lambda: send(sandbox, change("CREATE"), change("CREATE", identifier="two")))[1]
    assert message == "[Exceeded limit MAX_RRSETS_BY_ZONE for zone: Z0CORP]"


def test_moto_is_as_it_was_afterwards() -> None:
    """The bridge leaves nothing behind: moto's own laxness is back."""
    with mock_aws():
        with strict_route53(RealClock()):
            pass
        route53 = SESSION.client("route53")
        zone = route53.create_hosted_zone(Name="corp.internal", CallerReference="1")["HostedZone"]["Id"]
        bad = change("CREATE", value="no address")
        route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": [bad]})
        assert len(route53.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]) == 3


def test_templates_obey_the_rules_too() -> None:
    """A record set that a stack makes is in the zone, and goes with its stack."""
    template = """
    Resources:
      Zone: {Type: "AWS::Route53::HostedZone", Properties: {Name: corp.internal}}
      Record:
        Type: AWS::Route53::RecordSet
        DependsOn: Zone
        Properties: {HostedZoneId: Z0CORP, Name: web.corp.internal, Type: A, TTL: "60", ResourceRecords: [10.0.0.1]}
    """
    with mock_aws(), strict_route53(RealClock(), ids={"corp.internal": "Z0CORP"}) as strict:
        cloudformation = SESSION.client("cloudformation")
        cloudformation.create_stack(StackName="zone", TemplateBody=template)
        assert strict.record_sets("Z0CORP")[2].values == ("10.0.0.1",)
        cloudformation.delete_stack(StackName="zone")
        assert len(strict.record_sets("Z0CORP")) == 2


def test_it_is_the_same_over_http() -> None:
    """Through moto's server: creation, refusal, paging and throttling, in the words of Route 53."""
    server = ThreadedMotoServer(port=0, verbose=False)
    with mock_aws(), strict_route53(RealClock(), limits=Limits(requests=(8, 0)), ids={"a.internal": "Z0A"}) as strict:
        vpc = new_vpc()
        server.start()
        try:
            host, port = server.get_host_and_port()
            route53 = SESSION.client("route53", endpoint_url=f"http://{host}:{port}", config=ONCE)
            route53.create_hosted_zone(Name="a.internal", CallerReference="1", VPC={"VPCId": vpc, "VPCRegion": REGION})
            good = change("CREATE", "web.a.internal")

            def batch() -> object:
                return route53.change_resource_record_sets(HostedZoneId="Z0A", ChangeBatch={"Changes": [good]})

            batch()
            code, message, status = refusal(batch)
            assert (code, status) == ("InvalidChangeBatch", 400)
            assert message.startswith("[Tried to create resource record set [name='web.a.internal.'")
            page = route53.list_resource_record_sets(HostedZoneId="Z0A", MaxItems="2")
            assert page["NextRecordIdentifier"] == "one"
            assert route53.get_hosted_zone(Id="Z0A")["VPCs"][0]["VPCId"] == vpc
            while strict.calls.total() < 8:
                route53.list_hosted_zones()
            assert refusal(route53.list_hosted_zones) == ("Throttling", "Rate exceeded", 400)
        finally:
            server.stop()
