"""Hosted zones through boto3: creation, deletion, associations, and the emulator afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from moto.server import ThreadedMotoServer

from sandbox.aws.emulator import emulated_aws
from sandbox.aws.route53.bridge import strict_route53
from sandbox.aws.route53.state import Limits
from sandbox.clock import RealClock
from tests.support.sandbox.zone_owner import (
    OTHER_ACCOUNT,
    REGION,
    ZoneOwner,
    change,
    client,
    new_vpc,
    refusal,
    send,
)

if TYPE_CHECKING:
    from mypy_boto3_route53.type_defs import VPCTypeDef


def test_private_zone_has_its_chosen_id_and_vpc(owner: ZoneOwner) -> None:
    """The zone has its VPC, the VPC its zone, and NS and SOA exist."""
    zone = owner.route53.get_hosted_zone(Id="Z0CORP")
    assert zone["HostedZone"]["Id"] == "/hostedzone/Z0CORP"
    assert zone["HostedZone"]["Config"]["PrivateZone"]
    assert zone["HostedZone"]["ResourceRecordSetCount"] == 2
    assert zone["VPCs"] == [{"VPCRegion": REGION, "VPCId": owner.vpc}]
    summaries = owner.route53.list_hosted_zones_by_vpc(VPCId=owner.vpc, VPCRegion=REGION)["HostedZoneSummaries"]
    assert [summary["HostedZoneId"] for summary in summaries] == ["Z0CORP"]
    assert [record_set.type for record_set in owner.strict.record_sets("Z0CORP")] == ["NS", "SOA"]
    assert [zone["Name"] for zone in owner.route53.list_hosted_zones()["HostedZones"]] == ["corp.internal."]


def test_change_is_submitted_at_the_time_of_the_clock(owner: ZoneOwner) -> None:
    """With milliseconds, in UTC (API_ChangeInfo), and later ones later."""
    times = []
    for number in range(2):
        owner.clock.advance(1.25)
        info = owner.route53.change_resource_record_sets(
            HostedZoneId="Z0CORP",
            ChangeBatch={
                "Changes": [
                    {
                        "Action": "CREATE",
                        "ResourceRecordSet": {
                            "Name": f"n{number}.corp.internal",
                            "Type": "A",
                            "TTL": 60,
                            "ResourceRecords": [{"Value": "10.0.0.1"}],
                        },
                    }
                ]
            },
        )["ChangeInfo"]
        times.append(info["SubmittedAt"].timestamp())
        assert times[-1] == pytest.approx(owner.clock.now(), abs=0.001)
    assert times[1] - times[0] == pytest.approx(1.25, abs=0.002)


def test_chosen_id_is_used_once(owner: ZoneOwner) -> None:
    """A second zone with the same name gets a random id."""
    made = owner.route53.create_hosted_zone(
        Name="corp.internal",
        CallerReference="2",
        VPC={"VPCId": new_vpc(), "VPCRegion": REGION},
    )
    assert made["HostedZone"]["Id"] != "/hostedzone/Z0CORP"


def test_private_zone_needs_a_vpc_of_its_account(owner: ZoneOwner) -> None:
    """A zone without a VPC, or with another account's, is refused."""
    create = owner.route53.create_hosted_zone
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


def test_vpc_has_one_zone_of_a_name(owner: ZoneOwner) -> None:
    """A new zone and an association with the same name are both refused."""
    vpc: VPCTypeDef = {"VPCId": owner.vpc, "VPCRegion": REGION}
    create = owner.route53.create_hosted_zone
    code, message, _ = refusal(lambda: create(Name="corp.internal", CallerReference="2", VPC=vpc))
    assert code == "ConflictingDomainExists"
    assert "Z0CORP" in message
    other = create(Name="corp.internal", CallerReference="3", VPC={"VPCId": new_vpc(), "VPCRegion": REGION})
    other_id = other["HostedZone"]["Id"]
    associate = owner.route53.associate_vpc_with_hosted_zone
    assert refusal(lambda: associate(HostedZoneId=other_id, VPC=vpc))[0] == "ConflictingDomainExists"


def test_vpcs_of_any_account_can_be_associated(owner: ZoneOwner) -> None:
    """By a call within the account or by hand for another one, until it is disassociated."""
    own, foreign = new_vpc(), new_vpc(OTHER_ACCOUNT)
    assert owner.strict.zones_of_vpc(own) == owner.strict.zones_of_vpc(foreign) == ()
    vpc: VPCTypeDef = {"VPCId": own, "VPCRegion": REGION}
    owner.route53.associate_vpc_with_hosted_zone(HostedZoneId="Z0CORP", VPC=vpc)
    owner.strict.associate("Z0CORP", foreign, REGION)
    for each in (owner.vpc, own, foreign):
        assert [zone.domain for zone in owner.strict.zones_of_vpc(each)] == ["corp.internal."]
    owner.route53.disassociate_vpc_from_hosted_zone(HostedZoneId="Z0CORP", VPC=vpc)
    assert owner.strict.zones_of_vpc(own) == ()
    with pytest.raises(LookupError):
        owner.strict.associate("Z0NONE", own, REGION)


def test_only_an_empty_zone_is_deleted(owner: ZoneOwner) -> None:
    """A zone with record sets beside NS and SOA is not deleted."""
    send(owner, change("CREATE"))
    delete = owner.route53.delete_hosted_zone
    assert refusal(lambda: delete(Id="Z0CORP"))[0] == "HostedZoneNotEmpty"
    send(owner, change("DELETE"))
    delete(Id="Z0CORP")
    assert owner.route53.list_hosted_zones()["HostedZones"] == []


def test_bridge_is_removed() -> None:
    """Outside the context moto checks nothing again."""
    with emulated_aws():
        with strict_route53(RealClock()):
            pass
        route53 = client("route53")
        zone = route53.create_hosted_zone(Name="corp.internal", CallerReference="1")["HostedZone"]["Id"]
        bad = change("CREATE", value="no address")
        route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": [bad]})
        assert len(route53.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]) == 3


def test_templates_follow_the_rules() -> None:
    """A record set of a stack is in the zone, and is deleted with its stack."""
    template = """
    Resources:
      Zone: {Type: "AWS::Route53::HostedZone", Properties: {Name: corp.internal}}
      Record:
        Type: AWS::Route53::RecordSet
        DependsOn: Zone
        Properties: {HostedZoneId: Z0CORP, Name: web.corp.internal, Type: A, TTL: "60", ResourceRecords: [10.0.0.1]}
    """
    with emulated_aws(), strict_route53(RealClock(), ids={"corp.internal": "Z0CORP"}) as strict:
        cloudformation = client("cloudformation")
        cloudformation.create_stack(StackName="zone", TemplateBody=template)
        assert strict.record_sets("Z0CORP")[2].values == ("10.0.0.1",)
        cloudformation.delete_stack(StackName="zone")
        assert len(strict.record_sets("Z0CORP")) == 2


def test_operations_work_over_http() -> None:
    """Creation, refusal, paging and throttling through moto's server, with Route 53's messages."""
    server = ThreadedMotoServer(port=0, verbose=False)
    with (
        emulated_aws(),
        strict_route53(RealClock(), limits=Limits(requests=(8, 0)), ids={"a.internal": "Z0A"}) as strict,
    ):
        vpc = new_vpc()
        server.start()
        try:
            host, port = server.get_host_and_port()
            route53 = client("route53", endpoint_url=f"http://{host}:{port}")
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
