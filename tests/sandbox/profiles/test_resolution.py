"""What a VPC's Resolver answers from the zones of its Profiles, and which zone wins if several match."""

from __future__ import annotations

from functools import partial
from random import Random
from typing import TYPE_CHECKING

import dns.message
import dns.query
import dns.rcode
import pytest

from sandbox.aws.profiles.bridge import answering_zones
from sandbox.aws.resolution.server import LOOPBACK, DnsServer
from tests.support.profiles_world import ORGANIZATION_ARN, OWNER, WEB, client, organization, vpc_of, zone_arn, zone_of
from tests.support.sandbox.organizations import MANAGEMENT

if TYPE_CHECKING:
    from collections.abc import Iterator


class Network:
    """The owner's zones and Profiles, and a VPC to query from."""

    def __init__(self, server: DnsServer) -> None:
        self.server = server
        self.service = client("route53profiles", OWNER)
        self.vpc = vpc_of(OWNER)
        self.ports = {self.vpc: server.serve(self.vpc)}

    def zone(self, domain: str, *, direct: bool = False, **addresses: str) -> str:
        """A zone with A records: associated with this VPC if `direct`, otherwise with another one."""
        zone = zone_of(OWNER, domain, self.vpc if direct else None)
        changes = [
            {
                "Action": "CREATE",
                "ResourceRecordSet": {
                    "Name": f"{name}.{domain}",
                    "Type": "A",
                    "TTL": 60,
                    "ResourceRecords": [{"Value": address}],
                },
            }
            for name, address in addresses.items()
        ]
        if changes:
            client("route53", OWNER).change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": changes})
        return zone

    def profile(self, *zones: str) -> str:
        profile_id: str = self.service.create_profile(Name="shared")["Profile"]["Id"]
        for zone in zones:
            self.service.associate_resource_to_profile(ProfileId=profile_id, ResourceArn=zone_arn(zone), Name="zone")
        return profile_id

    def associate(self, profile_id: str, priority: int = 100) -> None:
        self.service.associate_profile(ProfileId=profile_id, ResourceId=self.vpc, Name="own", Priority=priority)

    def ask(self, name: str, vpc: str | None = None) -> str:
        """The address in the answer, or the response code."""
        vpc = vpc or self.vpc
        if vpc not in self.ports:
            self.ports[vpc] = self.server.serve(vpc)
        answer = dns.query.udp(dns.message.make_query(name, "A"), LOOPBACK, timeout=5, port=self.ports[vpc])
        return str(answer.answer[0][0]) if answer.answer else dns.rcode.to_text(answer.rcode())


@pytest.fixture
def network() -> Iterator[Network]:
    with organization() as made:
        zones_of_vpc = partial(answering_zones, made.route53, made.profiles)
        with DnsServer(zones_of_vpc, Random(1)) as server:  # noqa: S311 - not a secret
            yield Network(server)


def test_vpc_answers_from_its_profiles_zones(network: Network) -> None:
    """While the Profile is associated its VPC answers from all of its zones, including later ones."""
    profile_id = network.profile(network.zone("corp.internal", web="10.0.0.1"))
    assert network.ask("web.corp.internal") == "NXDOMAIN"
    network.associate(profile_id)
    assert network.ask("web.corp.internal") == "10.0.0.1"
    assert network.ask("db.dev.internal") == "NXDOMAIN"
    dev = network.zone("dev.internal", db="10.0.0.2")
    network.service.associate_resource_to_profile(ProfileId=profile_id, ResourceArn=zone_arn(dev), Name="dev")
    assert network.ask("db.dev.internal") == "10.0.0.2"
    network.service.disassociate_profile(ProfileId=profile_id, ResourceId=network.vpc)
    assert network.ask("web.corp.internal") == network.ask("db.dev.internal") == "NXDOMAIN"


def test_own_zone_wins_at_the_same_domain(network: Network) -> None:
    """The VPC's own zone answers even for a name that only the Profile's zone has: there is no fallback."""
    network.associate(network.profile(network.zone("corp.internal", web="10.0.0.1", far="10.0.0.3")))
    assert network.ask("web.corp.internal") == "10.0.0.1"
    network.zone("corp.internal", direct=True, web="10.0.0.2")
    assert network.ask("web.corp.internal") == "10.0.0.2"
    assert network.ask("far.corp.internal") == "NXDOMAIN"


def test_most_specific_domain_wins(network: Network) -> None:
    """The most specific zone answers, whether it is the VPC's own or the Profile's."""
    below = network.zone("dev.corp.internal", web="10.0.0.1")
    above = network.zone("prod.internal", web="10.0.0.2")
    network.associate(network.profile(below, above))
    network.zone("corp.internal", direct=True, web="10.0.0.3", dev="10.0.0.4")
    network.zone("eu.prod.internal", direct=True, web="10.0.0.5")
    assert network.ask("web.dev.corp.internal") == "10.0.0.1"
    assert network.ask("web.corp.internal") == "10.0.0.3"
    assert network.ask("web.eu.prod.internal") == "10.0.0.5"
    assert network.ask("web.prod.internal") == "10.0.0.2"


def test_lower_priority_value_wins(network: Network) -> None:
    """The order of association does not matter, and zones of the other Profile alone answer too."""
    network.associate(
        network.profile(network.zone("corp.internal", web="10.0.0.1"), network.zone("a.internal", x="10.0.0.3")), 300
    )
    network.associate(network.profile(network.zone("corp.internal", web="10.0.0.2")), 200)
    assert network.ask("web.corp.internal") == "10.0.0.2"
    assert network.ask("x.a.internal") == "10.0.0.3"


def test_deleted_zone_no_longer_answers(network: Network) -> None:
    """The other zones of the Profile still answer."""
    deleted, stays = network.zone("gone.internal"), network.zone("corp.internal", web="10.0.0.1")
    network.associate(network.profile(deleted, stays))
    client("route53", OWNER).delete_hosted_zone(Id=deleted)
    assert network.ask("gone.internal") == "NXDOMAIN"
    assert network.ask("web.corp.internal") == "10.0.0.1"


def test_shared_profile_answers_in_other_accounts(network: Network) -> None:
    """A VPC of another account answers through its own association, while the Profile is shared."""
    profile_id = network.profile(network.zone("corp.internal", web="10.0.0.1"))
    arn = network.service.get_profile(ProfileId=profile_id)["Profile"]["Arn"]
    client("ram", MANAGEMENT).enable_sharing_with_aws_organization()
    ram = client("ram", OWNER)
    share = ram.create_resource_share(name="all", resourceArns=[arn], principals=[ORGANIZATION_ARN])["resourceShare"]
    vpc = vpc_of(WEB)
    assert network.ask("web.corp.internal", vpc) == "NXDOMAIN"
    client("route53profiles", WEB).associate_profile(ProfileId=profile_id, ResourceId=vpc, Name="web")
    assert network.ask("web.corp.internal", vpc) == "10.0.0.1"
    ram.delete_resource_share(resourceShareArn=share["resourceShareArn"])
    assert network.ask("web.corp.internal", vpc) == "NXDOMAIN"
