import json
from typing import Any

import dns.rcode
import pytest
from botocore.exceptions import ClientError

from sandbox.aws.network import dns_attributes
from sandbox.aws.resolution.attributes import DnsAttributes
from sandbox.example import MANAGEMENT, PAYMENTS, SCIENCE, SEARCH
from sandbox.world import Vpc, World

REGION = "eu-central-1"


def reverse_zone(made: World, vpc: Vpc, domain: str, **names: str) -> None:
    """A private zone of the VPC's own account, with PTR records for these addresses."""
    route53 = made.client("route53", vpc.account)
    place = {"VPCId": vpc.id, "VPCRegion": vpc.region}
    zone = route53.create_hosted_zone(Name=domain, CallerReference=f"{domain} {vpc.id}", VPC=place)["HostedZone"]
    changes = [
        {
            "Action": "CREATE",
            "ResourceRecordSet": {
                "Name": f"{reverse}.in-addr.arpa",
                "Type": "PTR",
                "TTL": 60,
                "ResourceRecords": [{"Value": name}],
            },
        }
        for reverse, name in names.items()
    ]
    route53.change_resource_record_sets(HostedZoneId=zone["Id"], ChangeBatch={"Changes": changes})


def test_autodefined_rules_shadow_a_wider_zone(made: World) -> None:
    """In a /16 the zone 10.in-addr.arpa answers only while the rules are disabled."""
    vpc = made.add_vpc(SCIENCE, REGION, cidr="10.201.0.0/16")
    reverse_zone(made, vpc, "10.in-addr.arpa", **{"4.0.201.10": "web.corp.internal", "4.0.202.10": "far.corp.internal"})
    own = f"ip-10-201-0-4.{REGION}.compute.internal."
    assert made.resolve("4.0.201.10.in-addr.arpa", vpc, "PTR") == {own}
    assert made.resolve("4.0.202.10.in-addr.arpa", vpc, "PTR") == {"far.corp.internal."}
    made.autodefined_rules.set_enabled(vpc.id, enabled=False)
    assert made.resolve("4.0.201.10.in-addr.arpa", vpc, "PTR") == {"web.corp.internal."}
    made.autodefined_rules.set_enabled(vpc.id, enabled=True)
    assert made.resolve("4.0.201.10.in-addr.arpa", vpc, "PTR") == {own}


def test_zone_of_the_vpcs_range_answers(made: World) -> None:
    """It wins over the rule with the same name, even for names that it does not have."""
    vpc = made.add_vpc(SCIENCE, "us-east-1", cidr="10.203.0.0/16")
    assert made.resolve("5.0.203.10.in-addr.arpa", vpc, "PTR") == {"ip-10-203-0-5.ec2.internal."}
    reverse_zone(made, vpc, "203.10.in-addr.arpa", **{"4.0.203.10": "web.corp.internal"})
    assert made.resolve("4.0.203.10.in-addr.arpa", vpc, "PTR") == {"web.corp.internal."}
    assert made.ask("5.0.203.10.in-addr.arpa", vpc, "PTR").rcode() == dns.rcode.NXDOMAIN


def test_further_ranges_and_peers_have_rules(made: World) -> None:
    """They shadow the zone while the range is associated or the peering is active."""
    vpc, peer = (made.add_vpc(PAYMENTS, REGION, cidr=f"10.{number}.0.0/16") for number in (205, 206))
    reverse_zone(made, vpc, "in-addr.arpa", **{"4.0.64.100": "own.corp.internal"})
    reverse_zone(made, vpc, "10.in-addr.arpa", **{"4.0.206.10": "peer.corp.internal"})
    assert made.resolve("4.0.64.100.in-addr.arpa", vpc, "PTR") == {"own.corp.internal."}
    assert made.resolve("4.0.206.10.in-addr.arpa", vpc, "PTR") == {"peer.corp.internal."}
    ec2 = made.client("ec2", PAYMENTS, REGION)
    block = ec2.associate_vpc_cidr_block(VpcId=vpc.id, CidrBlock="100.64.0.0/24")["CidrBlockAssociation"]
    connection = ec2.create_vpc_peering_connection(VpcId=peer.id, PeerVpcId=vpc.id)["VpcPeeringConnection"]
    assert made.resolve("4.0.64.100.in-addr.arpa", vpc, "PTR") == {f"ip-100-64-0-4.{REGION}.compute.internal."}
    assert made.resolve("4.0.206.10.in-addr.arpa", vpc, "PTR") == {"peer.corp.internal."}
    ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=connection["VpcPeeringConnectionId"])
    assert made.ask("4.0.206.10.in-addr.arpa", vpc, "PTR").rcode() == dns.rcode.NXDOMAIN
    ec2.disassociate_vpc_cidr_block(AssociationId=block["AssociationId"])
    assert made.resolve("4.0.64.100.in-addr.arpa", vpc, "PTR") == {"own.corp.internal."}


def test_c1_every_account_has_its_default_vpc_in_every_region(made: World) -> None:
    """AWS makes one in each region, 172.31.0.0/16, with both DNS attributes: also where the first VPC has a chosen id.

    "Default VPCs" (https://docs.aws.amazon.com/vpc/latest/userguide/default-vpc.html).
    """
    for account, region in made.vpcs:
        (vpc,) = made.client("ec2", account, region).describe_vpcs(
            Filters=[{"Name": "is-default", "Values": ["true"]}]
        )["Vpcs"]
        assert (vpc["CidrBlock"], vpc["OwnerId"]) == ("172.31.0.0/16", account)
        assert dns_attributes(vpc["VpcId"]) == DnsAttributes(support=True, hostnames=True)


def test_vpcs_can_have_chosen_ids_and_overlap(made: World) -> None:
    """Two VPCs with one CIDR have different ids, and each can use the same address."""
    first = made.add_vpc(PAYMENTS, REGION, vpc_id="vpc-0aaa", subnet_id="subnet-0aaa", cidr="10.210.0.0/24")
    second = made.add_vpc(SCIENCE, REGION, vpc_id="vpc-0bbb", cidr="10.210.0.0/24")
    assert (first.id, first.subnet, second.id) == ("vpc-0aaa", "subnet-0aaa", "vpc-0bbb")
    for vpc in (first, second):
        (instance,) = made.launch(vpc.account, REGION, subnet=vpc.subnet, address="10.210.0.9")
        shown = made.described(vpc.account, REGION, instance)
        assert (shown["VpcId"], shown["SubnetId"], shown["PrivateIpAddress"]) == (vpc.id, vpc.subnet, "10.210.0.9")
    assert made.add_vpc(PAYMENTS, REGION).id != made.add_vpc(PAYMENTS, REGION).id


def test_instance_has_every_kind_of_address(made: World) -> None:
    """Requested, further and IPv6 addresses, on the primary interface and on an added one."""
    vpc = made.add_vpc(PAYMENTS, REGION, cidr="10.211.0.0/24")
    (instance,) = made.launch(
        PAYMENTS,
        REGION,
        "web",
        subnet=vpc.subnet,
        address="10.211.0.9",
        further_addresses=["10.211.0.10"],
        ipv6=["2001:db8::9"],
    )
    added = made.add_interface(
        PAYMENTS, REGION, instance, 2, addresses=["10.211.0.20", "10.211.0.21"], ipv6=["2001:db8::20"]
    )
    shown = made.described(PAYMENTS, REGION, instance)
    assert [
        (
            interface["Attachment"]["DeviceIndex"],
            [(address["PrivateIpAddress"], address["Primary"]) for address in interface["PrivateIpAddresses"]],
            [address["Ipv6Address"] for address in interface["Ipv6Addresses"]],
        )
        for interface in shown["NetworkInterfaces"]
    ] == [
        (0, [("10.211.0.9", True), ("10.211.0.10", False)], ["2001:db8::9"]),
        (2, [("10.211.0.20", True), ("10.211.0.21", False)], ["2001:db8::20"]),
    ]
    assert shown["NetworkInterfaces"][1]["NetworkInterfaceId"] == added
    with pytest.raises(ValueError, match="first"):
        made.launch(PAYMENTS, REGION, further_addresses=["10.211.0.30"])


def test_auto_scaling_instances_have_the_groups_tag(made: World) -> None:
    """The tag is reserved, so no test can set it directly."""
    ids = made.launch(PAYMENTS, REGION, "worker", count=2, group="web-fleet")
    for instance in ids:
        tags = {tag["Key"]: tag["Value"] for tag in made.described(PAYMENTS, REGION, instance)["Tags"]}
        assert tags == {"Name": "worker", "aws:autoscaling:groupName": "web-fleet"}
    with pytest.raises(ClientError, match="reserved for internal use"):
        made.tag(PAYMENTS, REGION, ids[0], **{"aws:autoscaling:groupName": "other"})
    with pytest.raises(ClientError, match="reserved for internal use"):
        made.launch(PAYMENTS, REGION, tags={"aws:autoscaling:groupName": "other"})


def test_instance_keeps_its_address_through_a_stop(made: World) -> None:
    """It is stopped, then running, with the same address throughout."""
    (instance,) = made.launch(PAYMENTS, REGION)
    address = made.address(PAYMENTS, REGION, instance)
    made.stop(PAYMENTS, REGION, instance)
    assert made.described(PAYMENTS, REGION, instance)["State"]["Name"] == "stopped"
    assert made.address(PAYMENTS, REGION, instance) == address
    made.start(PAYMENTS, REGION, instance)
    assert made.described(PAYMENTS, REGION, instance)["State"]["Name"] == "running"
    assert made.address(PAYMENTS, REGION, instance) == address


def test_zones_need_dns_hostnames(made: World) -> None:
    """A VPC resolves its zones once DNS hostnames are enabled."""
    vpc = made.add_vpc(PAYMENTS, REGION, dns=False)
    assert vpc.id in made.route53.vpcs_of(corp(made))
    assert made.ask("corp.internal", vpc, "SOA").rcode() == dns.rcode.NXDOMAIN
    ec2 = made.client("ec2", PAYMENTS, REGION)
    ec2.modify_vpc_attribute(VpcId=vpc.id, EnableDnsHostnames={"Value": True})
    assert made.resolve("corp.internal", vpc, "SOA")
    ec2.modify_vpc_attribute(VpcId=vpc.id, EnableDnsSupport={"Value": False})
    assert made.ask("corp.internal", vpc, "SOA").rcode() == dns.rcode.REFUSED


def corp(made: World) -> str:
    return made.zone_ids["corp.internal"]


def test_resolver_configuration_and_rule_take_effect_at_once(made: World) -> None:
    """The VPC's account sets both with Route 53 Resolver's API."""
    vpc = made.add_vpc(SCIENCE, REGION, cidr="10.212.0.0/16")
    resolver = made.client("route53resolver", SCIENCE, REGION)
    assert made.resolve("4.0.212.10.in-addr.arpa", vpc, "PTR") == {f"ip-10-212-0-4.{REGION}.compute.internal."}
    resolver.update_resolver_config(ResourceId=vpc.id, AutodefinedReverseFlag="DISABLE")
    assert made.ask("4.0.212.10.in-addr.arpa", vpc, "PTR").rcode() == dns.rcode.NXDOMAIN
    assert made.resolve("corp.internal", vpc, "SOA")
    rule = resolver.create_resolver_rule(
        CreatorRequestId="1",
        Name="onprem",
        RuleType="FORWARD",
        DomainName="corp.internal",
        TargetIps=[{"Ip": "10.9.9.9", "Port": 53}],
    )["ResolverRule"]["Id"]
    resolver.associate_resolver_rule(ResolverRuleId=rule, VPCId=vpc.id)
    assert made.ask("corp.internal", vpc, "SOA").rcode() == dns.rcode.REFUSED


def test_vpc_has_its_tags_and_can_be_deleted(made: World) -> None:
    """Its associations remain, and no query is answered in it any more."""
    vpc = made.add_vpc(SCIENCE, REGION, tags={"Name": "lan", "orgdns": "corp"})
    ec2 = made.client("ec2", SCIENCE, REGION)
    (shown,) = ec2.describe_vpcs(VpcIds=[vpc.id])["Vpcs"]
    assert {tag["Key"]: tag["Value"] for tag in shown["Tags"]} == {"Name": "lan", "orgdns": "corp"}
    assert made.resolve("corp.internal", vpc, "SOA")
    made.delete_vpc(vpc)
    with pytest.raises(ClientError, match="InvalidVpcID"):
        ec2.describe_vpcs(VpcIds=[vpc.id])
    with pytest.raises(ClientError, match="InvalidSubnetID"):
        ec2.describe_subnets(SubnetIds=[vpc.subnet])
    assert vpc not in made.further_vpcs
    assert vpc.id in made.route53.vpcs_of(corp(made))
    assert made.ask("corp.internal", vpc, "SOA").rcode() == dns.rcode.REFUSED


def test_first_vpc_of_a_region_can_be_deleted(made: World) -> None:
    """The next VPC takes its place, with its own network."""
    before = made.add_vpc(MANAGEMENT, "us-east-1")
    assert made.vpcs[MANAGEMENT, "us-east-1"] == before
    made.delete_vpc(before)
    assert (MANAGEMENT, "us-east-1") not in made.vpcs
    after = made.add_vpc(MANAGEMENT, "us-east-1")
    assert made.vpcs[MANAGEMENT, "us-east-1"] == after


def test_vpc_events_reach_the_accounts_bus(made: World) -> None:
    """A rule can match them, as long as the account has a trail."""
    queue = watched_queue(made, {"source": ["aws.ec2"], "detail": {"eventName": ["CreateVpc", "DeleteVpc"]}})
    vpc = made.add_vpc(SEARCH, REGION)
    made.delete_vpc(vpc)
    first, second = received(made, queue), received(made, queue)
    assert first["detail"]["responseElements"]["vpc"]["vpcId"] == vpc.id
    assert second["detail"]["requestParameters"] == {"vpcId": vpc.id}
    made.trails.missing.add(SEARCH)
    made.delete_vpc(made.add_vpc(SEARCH, REGION))
    made.trails.missing.clear()
    made.add_vpc(SEARCH, REGION)
    assert received(made, queue)["detail"]["eventName"] == "CreateVpc"
    assert received(made, queue) == {}


def watched_queue(made: World, pattern: dict[str, Any]) -> str:
    """The URL of a queue in the account, to which a rule sends matching events."""
    events, sqs = (made.client(service, SEARCH, REGION) for service in ("events", "sqs"))
    rule = events.put_rule(Name="vpcs", EventPattern=json.dumps(pattern))["RuleArn"]
    url: str = sqs.create_queue(QueueName="vpcs")["QueueUrl"]
    arn = f"arn:aws:sqs:{REGION}:{SEARCH}:vpcs"
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": rule}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    events.put_targets(Rule="vpcs", Targets=[{"Id": "queue", "Arn": arn}])
    return url


def received(made: World, queue: str) -> dict[str, Any]:
    """The next event, or None."""
    sqs = made.client("sqs", SEARCH, REGION)
    for message in sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=1).get("Messages", ()):
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        event: dict[str, Any] = json.loads(message["Body"])
        return event
    return {}
