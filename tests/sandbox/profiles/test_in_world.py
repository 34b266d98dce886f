"""Route 53 Profiles in the whole simulated organization."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.example import ORGANIZATION, SCIENCE

if TYPE_CHECKING:
    from sandbox.world import World

REGION = "us-east-1"


def test_shared_profile_answers_in_the_organization(made: World) -> None:
    """A VPC without zones answers from the Profile that the networking account shares with everybody."""
    network = made.config.network.account
    owner = made.client("route53profiles", network, REGION)
    place = {"VPCId": made.add_vpc(network, REGION, associated=False).id, "VPCRegion": REGION}
    route53 = made.client("route53", network)
    zone = route53.create_hosted_zone(Name="tools.internal", CallerReference="tools", VPC=place)["HostedZone"]["Id"]
    web = {"Name": "web.tools.internal", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "10.1.2.3"}]}
    changes = [{"Action": "CREATE", "ResourceRecordSet": web}]
    route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": changes})
    profile = owner.create_profile(Name="tools")["Profile"]
    arn = f"arn:aws:route53:::hostedzone/{zone.rpartition('/')[2]}"
    owner.associate_resource_to_profile(ProfileId=profile["Id"], ResourceArn=arn, Name="tools")
    everybody = f"arn:aws:organizations::{ORGANIZATION.management_account}:organization/{ORGANIZATION.id}"
    ram = made.client("ram", network, REGION)
    ram.create_resource_share(name="tools", resourceArns=[profile["Arn"]], principals=[everybody])
    vpc = made.add_vpc(SCIENCE, REGION, associated=False)
    assert made.resolve("web.tools.internal", vpc) == set()
    service = made.client("route53profiles", SCIENCE, REGION)
    service.associate_profile(ProfileId=profile["Id"], ResourceId=vpc.id, Name="science")
    assert made.resolve("web.tools.internal", vpc) == {"10.1.2.3"}
    assert made.profiles.zones_of_vpc(vpc.id) == (zone.rpartition("/")[2],)
