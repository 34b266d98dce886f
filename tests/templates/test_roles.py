"""What each role of the templates may do, and who may assume it: all of it, spelled out."""

from __future__ import annotations

import re
from typing import Any

import pytest

from hub.runtime import contract
from orgdns.config.load import known_regions
from tests.support.generated import (
    CONFIGS,
    HUB,
    MANAGEMENT,
    NAMES,
    NETWORK,
    ORGANIZATION,
    arn_of,
    grants,
    inline,
    of_type,
    properties,
    resolved_size,
    sub,
    texts,
)

NAME_KEY = "route53:ChangeResourceRecordSetsNormalizedRecordNames"
TYPE_KEY = "route53:ChangeResourceRecordSetsRecordTypes"
ACTION_KEY = "route53:ChangeResourceRecordSetsActions"

# Actions that know no resource type: "*" is the only resource that can be written.
WITHOUT_RESOURCE = {
    "ec2:DescribeInstances",
    "ec2:DescribeVpcs",
    "route53:ListHostedZonesByVPC",
    "route53profiles:AssociateProfile",
    "route53profiles:DisassociateProfile",
    "route53profiles:ListProfileAssociations",
    "route53profiles:ListProfiles",
    "route53resolver:ListResolverRuleAssociations",
    "route53resolver:ListResolverRules",
}
COVERED = ["eu-central-1", "eu-west-1", "us-east-1"]
IN_COVERED_REGIONS = {"StringEquals": {"aws:RequestedRegion": COVERED}}
OF_VPCS_THERE = {
    "ForAllValues:StringLike": {"route53:VPCs": [f"VPCId=*,VPCRegion={region}" for region in COVERED]},
    "Null": {"route53:VPCs": "false"},
}


@pytest.mark.parametrize("config", list(CONFIGS))
def test_iam_limits(config: str) -> None:
    """Roles and policies keep "IAM and AWS STS quotas", also with 17 zones and in the region of the longest name.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    """
    for name in NAMES:
        for role in of_type(name, "AWS::IAM::Role", config).values():
            documents = [policy["PolicyDocument"] for policy in role.get("Policies", [])]
            assert sum(map(resolved_size, documents)) <= 10_240
            assert resolved_size(role["AssumeRolePolicyDocument"]) <= 2_048
            role_name = role["RoleName"] if isinstance(role["RoleName"], str) else role["RoleName"]["Fn::Sub"]
            assert len(role_name.replace("${AWS::Region}", max(known_regions(), key=len))) <= 64
        policies = of_type(name, "AWS::IAM::ManagedPolicy", config)
        assert len(policies) <= 10
        assert all(resolved_size(policy["PolicyDocument"]) <= 6_144 for policy in policies.values())


@pytest.mark.parametrize("name", NAMES)
def test_no_grant_on_everything(name: str) -> None:
    """No Allow names every resource or a wildcard of actions, but for actions that know no resource type."""
    roles = of_type(name, "AWS::IAM::Role").values()
    documents = [policy["PolicyDocument"] for role in roles for policy in role.get("Policies", [])]
    documents += [policy["PolicyDocument"] for policy in of_type(name, "AWS::IAM::ManagedPolicy").values()]
    for document in documents:
        for actions, resources, condition in grants(document).values():
            assert not any("*" in action for action in actions)
            assert "*" not in resources or (actions <= WITHOUT_RESOURCE and condition is not None)


def test_observer_role() -> None:
    """The observer may do this and nothing else."""
    role = properties("hub", "ObserverRole")
    assert role["RoleName"] == contract.OBSERVER_ROLE
    assert grants(inline(role)) == {
        "WriteLogs": ({"logs:CreateLogStream", "logs:PutLogEvents"}, [arn_of("ObserverLogs")], None),
        "TakeEvents": (
            {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"},
            [arn_of("EventsQueue")],
            None,
        ),
        "KeepLedger": (
            {"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"},
            [arn_of("Ledger")],
            None,
        ),
        "ReadInstancesInThisOrganization": (
            {"sts:AssumeRole"},
            [sub("arn:${AWS::Partition}:iam::*:role/orgdns-reader")],
            {"StringEquals": {"aws:ResourceOrgID": ORGANIZATION}},
        ),
        "ReadAccountNames": (
            {"organizations:DescribeAccount"},
            [sub(f"arn:${{AWS::Partition}}:organizations::{MANAGEMENT}:account/{ORGANIZATION}/*")],
            None,
        ),
    }


def test_publisher_role() -> None:
    """The publisher may do this and nothing else."""
    role = properties("hub", "PublisherRole")
    assert role["RoleName"] == contract.PUBLISHER_ROLE
    stream = {"dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"}
    assert grants(inline(role)) == {
        "WriteLogs": ({"logs:CreateLogStream", "logs:PutLogEvents"}, [arn_of("PublisherLogs")], None),
        "FollowLedger": (stream, [sub("${Ledger.Arn}/stream/*")], None),
        "KeepLedger": (
            {"dynamodb:Query", "dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:BatchWriteItem"},
            [arn_of("Ledger")],
            None,
        ),
        "SetFailuresAside": ({"sqs:SendMessage"}, [arn_of("PublisherDeadLetterQueue")], None),
        "WriteToZones": (
            {"sts:AssumeRole"},
            [sub(f"arn:${{AWS::Partition}}:iam::{NETWORK}:role/orgdns-writer")],
            None,
        ),
    }


def test_sweeper_role() -> None:
    """The sweeper reads spokes and zones, keeps the ledger and its own queue, and does nothing else."""
    role = properties("hub", "SweeperRole")
    assert role["RoleName"] == contract.SWEEPER_ROLE
    reads = {"dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query", "dynamodb:Scan"}
    queue = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}
    observer = grants(inline(properties("hub", "ObserverRole")))
    stack_set = f"{MANAGEMENT}:stackset/orgdns-spoke-region:*"
    assert grants(inline(role)) == {
        "WriteLogs": ({"logs:CreateLogStream", "logs:PutLogEvents"}, [arn_of("SweeperLogs")], None),
        "TakeTasks": (queue, [arn_of("SweepsQueue")], None),
        "GiveTasks": ({"sqs:SendMessage"}, [arn_of("SweepsQueue"), arn_of("AssociationsQueue")], None),
        "KeepLedger": (reads | {"dynamodb:PutItem", "dynamodb:UpdateItem"}, [arn_of("Ledger")], None),
        "ListSpokes": (
            {"cloudformation:ListStackInstances"},
            [sub(f"arn:${{AWS::Partition}}:cloudformation:${{AWS::Region}}:{stack_set}")],
            None,
        ),
        "ReadInstancesInThisOrganization": observer["ReadInstancesInThisOrganization"],
        "ReadAccountNames": observer["ReadAccountNames"],
        "ReadZones": (
            {"sts:AssumeRole"},
            [sub(f"arn:${{AWS::Partition}}:iam::{NETWORK}:role/orgdns-zone-reader")],
            None,
        ),
    }


def test_associator_role() -> None:
    """The associator looks at VPCs, has three roles of others do the rest, and does nothing else."""
    role = properties("hub", "AssociatorRole")
    assert role["RoleName"] == contract.ASSOCIATOR_ROLE
    observer = grants(inline(properties("hub", "ObserverRole")))
    in_organization = {"StringEquals": {"aws:ResourceOrgID": ORGANIZATION}}
    rows = {"GetItem", "Query", "PutItem", "UpdateItem", "DeleteItem"}
    assert grants(inline(role)) == {
        "WriteLogs": ({"logs:CreateLogStream", "logs:PutLogEvents"}, [arn_of("AssociatorLogs")], None),
        "TakeTasks": (
            {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"},
            [arn_of("AssociationsQueue")],
            None,
        ),
        "KeepLedger": ({f"dynamodb:{operation}" for operation in rows}, [arn_of("Ledger")], None),
        "ReadVpcsInThisOrganization": observer["ReadInstancesInThisOrganization"],
        "AssociateVpcsInThisOrganization": (
            {"sts:AssumeRole"},
            [sub("arn:${AWS::Partition}:iam::*:role/orgdns-vpc-associator")],
            in_organization,
        ),
        "ReadAccountNames": observer["ReadAccountNames"],
        "AuthorizeAssociations": (
            {"sts:AssumeRole"},
            [sub(f"arn:${{AWS::Partition}}:iam::{NETWORK}:role/orgdns-authorizer")],
            None,
        ),
    }


def test_authorizer_role() -> None:
    """The authorizer authorises and ends associations of VPCs of the covered regions with our zones; it makes none."""
    role = properties("network", "AuthorizerRole")
    assert role["RoleName"] == contract.AUTHORIZER_ROLE
    arn = "arn:${AWS::Partition}:route53:::hostedzone"
    zones = [sub(f"{arn}/Z0CORPINTERNAL0EXAMPL"), sub(f"{arn}/${{ZoneInstancesDotInternal}}")]
    ends = {"route53:DeleteVPCAssociationAuthorization", "route53:DisassociateVPCFromHostedZone"}
    assert grants(inline(role)) == {
        "AuthorizeAssociations": ({"route53:CreateVPCAssociationAuthorization"}, zones, OF_VPCS_THERE),
        "EndAssociations": (ends, zones, OF_VPCS_THERE),
        "LetRoute53LookAtTheVpc": ({"ec2:DescribeVpcs"}, ["*"], IN_COVERED_REGIONS),
    }


def test_vpc_associator_role() -> None:
    """The role of each account associates VPCs of the covered regions with our zones, and does nothing else."""
    role = properties("spoke-account", "VpcAssociatorRole")
    assert role["RoleName"] == contract.VPC_ROLE
    arn = "arn:${AWS::Partition}:route53:::hostedzone"
    zones = [sub(f"{arn}/Z0CORPINTERNAL0EXAMPL"), sub(f"{arn}/${{ZoneIdInstancesDotInternal}}")]
    assert grants(inline(role)) == {
        "DescribeVpcs": ({"ec2:DescribeVpcs"}, ["*"], IN_COVERED_REGIONS),
        "AssociateWithTheseZones": ({"route53:AssociateVPCWithHostedZone"}, zones, OF_VPCS_THERE),
    }


def test_vpc_associator_role_for_a_profile() -> None:
    """Where zones go by a Profile, it associates with that, and switches reverse rules off where policy says so."""
    granted = grants(inline(properties("spoke-account", "VpcAssociatorRole", "profiles")))
    assert granted.keys() == {"DescribeVpcs", "AssociateWithTheProfile", "SwitchOffReverseRules"}
    actions = {"route53profiles:AssociateProfile", "route53profiles:DisassociateProfile"}
    assert granted["AssociateWithTheProfile"] == (actions, ["*"], IN_COVERED_REGIONS)
    assert granted["SwitchOffReverseRules"][0] >= {"route53resolver:UpdateResolverConfig"}
    assert "AuthorizeAssociations" not in grants(inline(properties("network", "AuthorizerRole", "profiles")))


def test_schedule_role() -> None:
    """The schedules may put tasks on the sweeper's queue, and what failed on its dead-letter queue."""
    role = properties("hub", "ScheduleRole")
    queues = [arn_of("SweepsQueue"), arn_of("SweepsDeadLetterQueue")]
    assert grants(inline(role)) == {"AskForSweepsAndAudits": ({"sqs:SendMessage"}, queues, None)}


@pytest.mark.parametrize("config", list(CONFIGS))
def test_zone_reader_role(config: str) -> None:
    """The zone reader may list the records of the zones that the writer writes, and nothing else."""
    (actions, zones, condition) = grants(inline(properties("network", "ZoneReaderRole", config)))["ReadRecords"]
    assert (actions, condition) == ({"route53:ListResourceRecordSets"}, None)
    written = [
        zone
        for policy in of_type("network", "AWS::IAM::ManagedPolicy", config).values()
        for zone in grants(policy["PolicyDocument"])["ReadRecords"][1]
    ]
    assert zones == written


@pytest.mark.parametrize("config", list(CONFIGS))
def test_writer_role(config: str) -> None:
    """The writer may create and delete addresses, or pointers, below each zone's apex, read zones, and nothing else."""
    zones = CONFIGS[config]().zones
    assert "Policies" not in properties("network", "WriterRole", config)
    changed: dict[str, str] = {}
    read_zones: list[str] = []
    for policy in of_type("network", "AWS::IAM::ManagedPolicy", config).values():
        assert policy["Roles"] == [{"Ref": "WriterRole"}]
        document = grants(policy["PolicyDocument"])
        actions, resources, condition = document.pop("ReadRecords")
        assert (actions, condition) == ({"route53:ListResourceRecordSets"}, None)
        read_zones += [resource["Fn::Sub"] for resource in resources]
        for actions, (resource,), condition in document.values():
            assert actions == {"route53:ChangeResourceRecordSets"}
            (pattern,) = condition.pop("ForAllValues:StringLike")[NAME_KEY]
            changed[resource["Fn::Sub"]] = pattern
            types = ["PTR"] if pattern.endswith(".in-addr.arpa") else ["A", "AAAA"]
            assert condition == {
                "ForAllValues:StringEquals": {TYPE_KEY: types, ACTION_KEY: ["CREATE", "DELETE"]},
                "Null": {NAME_KEY: "false", TYPE_KEY: "false", ACTION_KEY: "false"},
            }
    assert list(changed) == read_zones
    assert list(changed.values()) == [f"*.{zone.domain.removesuffix('.')}" for zone in zones]
    for arn, zone in zip(changed, zones, strict=True):
        if zone.id:
            assert arn == f"arn:${{AWS::Partition}}:route53:::hostedzone/{zone.id}"
        else:
            (title,) = re.findall(r"hostedzone/\$\{(\w+)\}$", arn)
            assert properties("network", title, config)["Name"] + "." == zone.domain


def test_reader_role() -> None:
    """The reader may look at instances, and VPCs, in the covered regions and nothing else."""
    role = properties("spoke-account", "ReaderRole")
    assert role["RoleName"] == contract.READER_ROLE
    instances, vpcs = role["Policies"]
    assert grants(instances["PolicyDocument"]) == {
        "DescribeInstancesInCoveredRegions": ({"ec2:DescribeInstances"}, ["*"], IN_COVERED_REGIONS)
    }
    lists = {"ListResolverRuleAssociations", "ListResolverRules"}
    configs = [sub("arn:${AWS::Partition}:route53resolver:*:${AWS::AccountId}:resolver-config/*")]
    own_vpcs = [sub("arn:${AWS::Partition}:ec2:*:${AWS::AccountId}:vpc/*")]
    assert grants(vpcs["PolicyDocument"]) == {
        "DescribeVpcs": ({"ec2:DescribeVpcs"}, ["*"], IN_COVERED_REGIONS),
        "ReadDnsAttributes": ({"ec2:DescribeVpcAttribute"}, own_vpcs, IN_COVERED_REGIONS),
        "ListZonesOfVpcs": ({"route53:ListHostedZonesByVPC"}, ["*"], OF_VPCS_THERE),
        "ListResolverConfigs": ({"route53resolver:ListResolverConfigs"}, configs, IN_COVERED_REGIONS),
        "ListWhatElseTheResolverAnswersFrom": (
            {f"route53resolver:{operation}" for operation in lists},
            ["*"],
            IN_COVERED_REGIONS,
        ),
    }


def test_nothing_of_vpcs_where_policy_says_nothing_of_them() -> None:
    """A configuration that associates nothing has no function, role, queue, rule or grant for it."""
    for name in NAMES:
        text = texts("unassociated")[name]
        assert "Associat" not in text.replace("StackSetAssociation", "")
        assert "Vpc" not in text
        assert "DescribeVpcs" not in text


def test_delivery_role() -> None:
    """The delivery role may put events on the hub's bus and nothing else."""
    role = properties("spoke-region", "DeliveryRole")
    assert role["RoleName"] == sub("orgdns-delivery-${AWS::Region}")
    bus = sub(f"arn:${{AWS::Partition}}:events:eu-central-1:{HUB}:event-bus/orgdns")
    assert grants(inline(role)) == {"PutEventsOnTheHubsBus": ({"events:PutEvents"}, [bus], None)}


def test_who_may_assume_each_role() -> None:
    """Each role, and who may assume it: services for their own sources, roles of the hub by name."""
    trusted = {
        role: (statement["Principal"], statement.get("Condition"))
        for name in NAMES
        for role, content in of_type(name, "AWS::IAM::Role").items()
        for statement in content["AssumeRolePolicyDocument"]["Statement"]
    }

    def hub_roles(*roles: str) -> tuple[dict[str, Any], dict[str, Any]]:
        arn = f"arn:${{AWS::Partition}}:iam::{HUB}"
        return {"AWS": sub(f"{arn}:root")}, {
            "ArnEquals": {"aws:PrincipalArn": [sub(f"{arn}:role/{role}") for role in roles]},
            "StringEquals": {"aws:PrincipalOrgID": ORGANIZATION},
        }

    rule = "arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:rule"
    assert trusted == {
        "ObserverRole": ({"Service": "lambda.amazonaws.com"}, None),
        "PublisherRole": ({"Service": "lambda.amazonaws.com"}, None),
        "SweeperRole": ({"Service": "lambda.amazonaws.com"}, None),
        "AssociatorRole": ({"Service": "lambda.amazonaws.com"}, None),
        "AuthorizerRole": hub_roles("orgdns-associator"),
        "VpcAssociatorRole": hub_roles("orgdns-associator"),
        "WriterRole": hub_roles("orgdns-publisher"),
        "ZoneReaderRole": hub_roles("orgdns-sweeper"),
        "ReaderRole": hub_roles("orgdns-observer", "orgdns-sweeper", "orgdns-associator"),
        "ScheduleRole": (
            {"Service": "scheduler.amazonaws.com"},
            {
                "ArnEquals": {
                    "aws:SourceArn": sub(
                        "arn:${AWS::Partition}:scheduler:${AWS::Region}:${AWS::AccountId}:schedule-group/default"
                    )
                },
                "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}},
            },
        ),
        "DeliveryRole": (
            {"Service": "events.amazonaws.com"},
            {
                "ArnEquals": {
                    "aws:SourceArn": [
                        sub(f"{rule}/orgdns-{of}")
                        for of in ("instance-states", "instance-tags", "vpc-calls", "vpc-tags")
                    ]
                },
                "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}},
            },
        ),
    }
