"""The deployer: resources, updates and refusals of one stack."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.events.models import events_backends
from moto.iam.models import iam_backends
from moto.route53.models import route53_backends
from moto.sqs.models import sqs_backends

from hub.runtime.installation import DEFAULT_NAMES as NAMES
from sandbox.aws.cloudformation.deployer import DeploymentFailed
from sandbox.aws.cloudformation.template import TemplateRefused, parsed_template
from sandbox.aws.iam.guard import Guard, guarded_roles
from tests.support.sandbox.cloudformation import BUS, NAMED_IAM, SECOND, World, policy, role, role_policies
from tests.support.sandbox.organizations import HUB, REGION, WEB, client


def test_bus_and_queue_have_their_policies(world: World) -> None:
    """The emulator's own API returns the policies of bus and queue."""
    outputs = world.deploy(BUS)
    assert outputs == {"Bus": f"arn:aws:events:{REGION}:{HUB}:event-bus/orgdns", "Name": "orgdns"}
    (statement,) = json.loads(client("events").describe_event_bus(Name="orgdns")["Policy"])["Statement"]
    assert statement["Sid"] == "spokes"
    assert statement["Resource"] == outputs["Bus"]
    assert statement["Condition"] == {"StringEquals": {"aws:PrincipalOrgID": "o-demo123456"}}
    policy = json.loads(sqs_backends[HUB][REGION].get_queue("orgdns-events").policy)
    assert policy["Version"] == "2012-10-17"
    assert policy["Statement"][0]["Resource"] == f"arn:aws:sqs:{REGION}:{HUB}:orgdns-events"
    assert policy["Statement"][0]["Condition"]["ArnEquals"]["aws:SourceArn"] == f"arn:aws:events:{REGION}::rule/x"


def test_update_replaces_only_changed_policies(world: World) -> None:
    """A changed parameter reaches the bus's policy, a changed queue keeps its policy, a removed policy is deleted."""
    world.deploy(BUS)
    world.deploy(BUS.replace("VisibilityTimeout: 60", "VisibilityTimeout: 90"), Organization="o-other12345")
    (statement,) = json.loads(events_backends[HUB][REGION].describe_event_bus("orgdns").policy)["Statement"]
    assert statement["Condition"] == {"StringEquals": {"aws:PrincipalOrgID": "o-other12345"}}
    queue = sqs_backends[HUB][REGION].get_queue("orgdns-events")
    assert queue.visibility_timeout == 90
    assert "sqs:SendMessage" in queue.policy
    template = parsed_template(BUS)
    del template["Resources"]["QueuePolicy"], template["Resources"]["BusPolicy"]
    world.deploy(template)
    assert queue.policy is None
    assert events_backends[HUB][REGION].describe_event_bus("orgdns").policy is None


def test_unknown_resource_type_is_refused_by_name(world: World) -> None:
    """A type that moto would skip is an error that names type and resource, through the API too."""
    template = {"Resources": {"Watch": {"Type": "AWS::CloudWatch::CompositeAlarm", "Properties": {}}}}
    with pytest.raises(TemplateRefused, match=r"Watch \(AWS::CloudWatch::CompositeAlarm\)"):
        world.deploy(template)
    with pytest.raises(ClientError, match="AWS::CloudWatch::CompositeAlarm"):
        client("cloudformation").create_stack(StackName="direct", TemplateBody=json.dumps(template))
    assert client("cloudformation").describe_stacks()["Stacks"] == []


def test_role_update_takes_effect(world: World) -> None:
    """A role has the inline policies and the trust policy of the last deployment."""
    world.deploy({"Resources": {"Role": role("reader", "ec2:DescribeInstances")}})
    world.deploy({"Resources": {"Role": role("reader", "ec2:DescribeVpcs", AWS=WEB)}})
    (statement,) = role_policies(HUB, "reader")["inline"]["Statement"]
    assert statement["Action"] == ["ec2:DescribeVpcs"]
    answer = client("iam").get_role(RoleName="reader")["Role"]
    assert answer["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] == {"AWS": WEB}
    shown = client("iam").get_role_policy(RoleName="reader", PolicyName="inline")["PolicyDocument"]
    assert shown["Statement"] == [statement]


def test_managed_policy_is_attached_updated_and_deleted(world: World) -> None:
    """A managed policy counts in its newest version, and does not block the deletion of its stack."""

    def with_policy(action: str, *names: str) -> dict[str, Any]:
        document = policy(action)[0]["PolicyDocument"]
        properties = {"PolicyDocument": document, "Roles": [{"Ref": name} for name in names]}
        return {
            "Resources": {
                "One": role("one", "a:B"),
                "Two": role("two", "a:B"),
                "Policy": {"Type": "AWS::IAM::ManagedPolicy", "Properties": properties},
            }
        }

    guard = Guard(guarded_roles(NAMES))
    world.deploy(with_policy("ec2:DescribeInstances", "One"))
    assert guard.granted_actions("one") == {"a:B", "ec2:DescribeInstances"}
    for action in ("ec2:DescribeVpcs", "ec2:DescribeHosts"):
        world.deploy(with_policy(action, "Two"))
        assert guard.granted_actions("one") == {"a:B"}
        assert guard.granted_actions("two") == {"a:B", action}
    world.deployer.delete(HUB, REGION, "stack")
    assert not {"one", "two"} & {each.name for each in iam_backends[HUB]["aws"].roles.values()}


def test_c5_an_arn_of_another_partition_is_refused(world: World) -> None:
    """IAM refuses a policy whose resources or principals are in another partition, as in AWS."""
    other = "arn:aws-us-gov:s3:::bucket"
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": other}
    for resource in (
        role("reader", "a:B", AWS="arn:aws-us-gov:iam::100000000003:root"),
        {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": {"Statement": statement}}},
    ):
        with pytest.raises((DeploymentFailed, ClientError), match='Partition "aws-us-gov" is not valid for resource'):
            world.deploy({"Resources": {"Role": resource}})


def test_failed_creation_leaves_nothing_behind(world: World) -> None:
    """If the second resource fails, the first is deleted, and the stack's name is free again."""
    world.deployer.deploy(
        HUB, SECOND, "first", json.dumps({"Resources": {"Role": role("reader", "a:B")}}), {}, NAMED_IAM
    )
    both = {"Resources": {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "q"}}}}
    with pytest.raises(DeploymentFailed, match="reader"):
        world.deploy({"Resources": {**both["Resources"], "Role": role("reader", "a:B")}})
    assert not sqs_backends[HUB][REGION].queues
    world.deploy(both)


def test_same_template_changes_nothing(world: World) -> None:
    """A deployment without changes returns the outputs."""
    assert world.deploy(BUS) == world.deploy(BUS)


def test_unsupported_update_is_refused(world: World) -> None:
    """A change of a table that the sandbox does not make is an error: it would be reported as done."""

    def with_table(billing: str) -> dict[str, Any]:
        keys = {"AttributeName": "pk", "KeyType": "HASH"}
        throughput = {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}
        properties = {
            "TableName": "ledger",
            "KeySchema": [keys],
            "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
            "BillingMode": billing,
            **({"ProvisionedThroughput": throughput} if billing == "PROVISIONED" else {}),
            "TimeToLiveSpecification": {"AttributeName": "expires", "Enabled": True},
            "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
        }
        return {"Resources": {"Table": {"Type": "AWS::DynamoDB::Table", "Properties": properties}}}

    world.deploy(with_table("PROVISIONED"))
    with pytest.raises(DeploymentFailed, match=r"an update of a table that changes more than .* is not modeled"):
        world.deploy(with_table("PAY_PER_REQUEST"))
    dynamodb = client("dynamodb")
    assert dynamodb.describe_time_to_live(TableName="ledger")["TimeToLiveDescription"]["TimeToLiveStatus"] == "ENABLED"
    backups = dynamodb.describe_continuous_backups(TableName="ledger")["ContinuousBackupsDescription"]
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"


def zone_of(*vpcs: str) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "Name": "corp.internal",
        "VPCs": [{"VPCId": vpc, "VPCRegion": REGION} for vpc in vpcs],
        "HostedZoneTags": [{"Key": "owner", "Value": "network"}],
    }
    return {
        "Resources": {"Zone": {"Type": "AWS::Route53::HostedZone", "Properties": properties}},
        "Outputs": {"Zone": {"Value": {"Fn::GetAtt": ["Zone", "Id"]}}},
    }


def test_zone_with_vpcs_is_private(world: World) -> None:
    """A hosted zone with VPCs is private, has its tags and associations, and is deleted with its stack."""
    first, second = (client("ec2").create_vpc(CidrBlock=f"10.{n}.0.0/16")["Vpc"]["VpcId"] for n in range(2))
    zone_id = world.deploy(zone_of(first))["Zone"]
    route53 = client("route53")
    zone = route53.get_hosted_zone(Id=zone_id)
    assert zone["HostedZone"]["Name"] == "corp.internal."
    assert zone["HostedZone"]["Config"]["PrivateZone"]
    assert zone["VPCs"] == [{"VPCRegion": REGION, "VPCId": first}]
    tags = route53.list_tags_for_resource(ResourceType="hostedzone", ResourceId=zone_id)["ResourceTagSet"]["Tags"]
    assert tags == [{"Key": "owner", "Value": "network"}]
    assert world.deploy(zone_of(second))["Zone"] == zone_id
    assert [vpc["VPCId"] for vpc in route53.get_hosted_zone(Id=zone_id)["VPCs"]] == [second]
    world.deployer.delete(HUB, REGION, "stack")
    assert not route53_backends[HUB]["aws"].zones
