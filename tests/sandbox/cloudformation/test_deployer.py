"""CloudFormation in the emulator: what it deploys, what it refuses, and stack sets."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.awslambda.models import lambda_backends
from moto.events.models import events_backends
from moto.iam.models import iam_backends
from moto.route53.models import route53_backends
from moto.sqs.models import sqs_backends

from sandbox.aws.cloudformation.deployer import Deployer, DeploymentFailed, deployer
from sandbox.aws.cloudformation.template import TemplateRefused, changed_resources, parsed_template
from sandbox.aws.iam.guard import Guard
from sandbox.aws.organization import (
    AccountSpec,
    Organization,
    OrganizationSpec,
    UnitSpec,
    build_organization,
    organization_bridges,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MANAGEMENT, HUB, WEB, DATA = "100000000001", "100000000002", "100000000003", "100000000004"
WORK, PROD, OUTSIDE = "ou-demo-11111111", "ou-demo-22222222", "ou-demo-33333333"
REGION, SECOND = "eu-west-1", "us-east-1"
NAMED_IAM = ("CAPABILITY_NAMED_IAM",)
SPEC = OrganizationSpec(
    "o-demo123456",
    MANAGEMENT,
    (
        UnitSpec(WORK, "workloads", accounts=(AccountSpec(WEB, "web"),)),
        UnitSpec(PROD, "production", parent=WORK, accounts=(AccountSpec(DATA, "data"),)),
        UnitSpec(OUTSIDE, "outside", accounts=(AccountSpec(HUB, "hub"),)),
    ),
)


@dataclass(frozen=True, slots=True)
class World:
    organization: Organization
    deployer: Deployer

    def deploy(self, template: str | dict[str, Any], account: str = HUB, **parameters: str) -> dict[str, str]:
        text = template if isinstance(template, str) else json.dumps(template)
        return self.deployer.deploy(account, REGION, "stack", text, parameters, NAMED_IAM)


@pytest.fixture
def world() -> Iterator[World]:
    with mock_aws(), organization_bridges(), deployer() as deploys:
        organization = build_organization(SPEC)
        organization.register_stack_sets_administrator(HUB)
        yield World(organization, deploys)


def client(service: str, account: str = HUB, region: str = REGION) -> Any:  # noqa: ANN401 - clients of several services
    key = iam_backends[account]["aws"].create_temp_access_key()
    return boto3.client(
        service,  # type: ignore[call-overload]  # several services
        region_name=region,
        aws_access_key_id=key.access_key_id,
        aws_secret_access_key=key.secret_access_key,
    )


def role_policies(account: str, name: str) -> dict[str, Any]:
    role = next(role for role in iam_backends[account]["aws"].roles.values() if role.name == name)
    return {policy: json.loads(text) for policy, text in role.policies.items()}


BUS = """
Parameters:
  Organization: {Type: String, Default: o-demo123456}
Resources:
  Bus:
    Type: AWS::Events::EventBus
    Properties: {Name: orgdns}
  BusPolicy:
    Type: AWS::Events::EventBusPolicy
    Properties:
      EventBusName: !Ref Bus
      StatementId: spokes
      Statement:
        Effect: Allow
        Principal: "*"
        Action: events:PutEvents
        Resource: !GetAtt Bus.Arn
        Condition: {StringEquals: {aws:PrincipalOrgID: !Ref Organization}}
  Queue:
    Type: AWS::SQS::Queue
    Properties: {QueueName: orgdns-events, VisibilityTimeout: 60}
  QueuePolicy:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [!Ref Queue]
      PolicyDocument:
        Version: 2012-10-17
        Statement:
          - Effect: Allow
            Principal: {Service: events.amazonaws.com}
            Action: sqs:SendMessage
            Resource: !GetAtt Queue.Arn
            Condition: {ArnEquals: {aws:SourceArn: !Sub "arn:${AWS::Partition}:events:${AWS::Region}::rule/x"}}
Outputs:
  Bus: {Value: !GetAtt Bus.Arn}
  Name: {Value: !Ref Bus}
"""


def test_resource_policies_stand_on_the_bus_and_the_queue(world: World) -> None:
    """The policies of bus and queue are kept where moto's own API shows them."""
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


def test_an_update_replaces_policies_and_keeps_what_it_does_not_touch(world: World) -> None:
    """A changed parameter reaches the bus's policy, a changed queue keeps its own, and a removed one is gone."""
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


def test_a_type_that_moto_lacks_is_refused_by_name(world: World) -> None:
    """What moto would skip in silence is an error that names the type and the resource, by whatever way it comes."""
    template = {"Resources": {"Watch": {"Type": "AWS::CloudWatch::CompositeAlarm", "Properties": {}}}}
    with pytest.raises(TemplateRefused, match=r"Watch \(AWS::CloudWatch::CompositeAlarm\)"):
        world.deploy(template)
    with pytest.raises(ClientError, match="AWS::CloudWatch::CompositeAlarm"):
        client("cloudformation").create_stack(StackName="direct", TemplateBody=json.dumps(template))
    assert client("cloudformation").describe_stacks()["Stacks"] == []


PARAMETERS = {
    "Parameters": {
        "Name": {"Type": "String", "AllowedPattern": "[a-z]+"},
        "Count": {"Type": "Number", "Default": 3, "AllowedValues": [3, 4]},
        "Many": {"Type": "CommaDelimitedList", "Default": "a,b"},
    },
    "Resources": {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Ref": "Name"}}}},
    "Outputs": {
        "Joined": {"Value": {"Fn::Join": ["+", {"Ref": "Many"}]}},
        "Count": {"Value": {"Fn::Sub": "${Count}"}},
    },
}


def test_parameters_are_completed_and_lists_are_split(world: World) -> None:
    """A default counts as given, and a list's default is a list."""
    assert world.deploy(PARAMETERS, Name="q") == {"Joined": "a+b", "Count": "3"}
    assert world.deploy(PARAMETERS, Name="q", Many="x,y,z", Count="4") == {"Joined": "x+y+z", "Count": "4"}


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({}, r"\['Name'\] must have values"),
        ({"Name": "q", "Nmae": "r"}, r"\['Nmae'\] do not exist"),
        ({"Name": "Q1"}, "failed to satisfy constraint"),
        ({"Name": "q", "Count": "5"}, "AllowedValues"),
    ],
)
def test_parameters_that_do_not_fit_are_refused(world: World, parameters: Mapping[str, str], message: str) -> None:
    """A missing, unknown or impossible parameter is an error."""
    with pytest.raises(TemplateRefused, match=message):
        world.deploy(PARAMETERS, **parameters)


def policy(*actions: str) -> list[dict[str, Any]]:
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    return [{"PolicyName": "inline", "PolicyDocument": {"Version": "2012-10-17", "Statement": [statement]}}]


def role(name: str, *actions: str, **trusted: str) -> dict[str, Any]:
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": trusted or {"AWS": HUB}}
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "RoleName": name,
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
            "Policies": policy(*actions),
        },
    }


def test_named_roles_need_their_capability(world: World) -> None:
    """Without CAPABILITY_NAMED_IAM a template with a named role is refused, and one without IAM is not."""
    text = json.dumps({"Resources": {"Role": role("reader", "ec2:DescribeInstances")}})
    for capabilities in ((), ("CAPABILITY_IAM",)):
        with pytest.raises(TemplateRefused, match="CAPABILITY_NAMED_IAM"):
            world.deployer.deploy(HUB, REGION, "stack", text, {}, capabilities)
    world.deployer.deploy(HUB, REGION, "stack", text, {}, NAMED_IAM)
    world.deployer.deploy(HUB, REGION, "other", BUS)


def test_a_template_that_is_too_large_is_refused(world: World) -> None:
    """51,200 bytes are the limit, counted in bytes and not in characters."""
    room = 51_200 - len(BUS.encode()) - len("# ")
    assert world.deploy(f"# {'x' * room}{BUS}")["Name"] == "orgdns"
    with pytest.raises(TemplateRefused, match="51,200"):
        world.deploy(f"# {'x' * (room - 1)}ü{BUS}")


def test_an_update_of_a_role_takes_effect(world: World) -> None:
    """Inline policies and trust of a role are as the last deployment says."""
    world.deploy({"Resources": {"Role": role("reader", "ec2:DescribeInstances")}})
    world.deploy({"Resources": {"Role": role("reader", "ec2:DescribeVpcs", AWS=WEB)}})
    (statement,) = role_policies(HUB, "reader")["inline"]["Statement"]
    assert statement["Action"] == ["ec2:DescribeVpcs"]
    answer = client("iam").get_role(RoleName="reader")["Role"]
    assert answer["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] == {"AWS": WEB}
    shown = client("iam").get_role_policy(RoleName="reader", PolicyName="inline")["PolicyDocument"]
    assert shown["Statement"] == [statement]


def test_a_managed_policy_is_attached_updated_and_goes_with_its_stack(world: World) -> None:
    """A role's managed policy counts in its newest version, and does not keep the stack from being deleted."""

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

    guard = Guard()
    world.deploy(with_policy("ec2:DescribeInstances", "One"))
    assert guard.granted_actions("one") == {"a:B", "ec2:DescribeInstances"}
    for action in ("ec2:DescribeVpcs", "ec2:DescribeHosts"):
        world.deploy(with_policy(action, "Two"))
        assert guard.granted_actions("one") == {"a:B"}
        assert guard.granted_actions("two") == {"a:B", action}
    world.deployer.delete(HUB, REGION, "stack")
    assert not {"one", "two"} & {each.name for each in iam_backends[HUB]["aws"].roles.values()}


def test_a_deployment_that_fails_leaves_nothing_behind(world: World) -> None:
    """The second resource fails, so the first goes again, and the name is free for another try."""
    world.deployer.deploy(
        HUB, SECOND, "first", json.dumps({"Resources": {"Role": role("reader", "a:B")}}), {}, NAMED_IAM
    )
    both = {"Resources": {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "q"}}}}
    with pytest.raises(DeploymentFailed, match="reader"):
        world.deploy({"Resources": {**both["Resources"], "Role": role("reader", "a:B")}})
    assert not sqs_backends[HUB][REGION].queues
    world.deploy(both)


def test_the_same_template_again_changes_nothing(world: World) -> None:
    """A deployment that has nothing to do gives the outputs back."""
    assert world.deploy(BUS) == world.deploy(BUS)


def test_an_update_that_moto_cannot_do_is_refused(world: World) -> None:
    """A table whose definition changes is an error, where moto would lose it."""

    def with_table(billing: str) -> dict[str, Any]:
        keys = {"AttributeName": "pk", "KeyType": "HASH"}
        properties = {
            "TableName": "ledger",
            "KeySchema": [keys],
            "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
            "BillingMode": billing,
            "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
            "TimeToLiveSpecification": {"AttributeName": "expires", "Enabled": True},
            "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
        }
        return {"Resources": {"Table": {"Type": "AWS::DynamoDB::Table", "Properties": properties}}}

    world.deploy(with_table("PROVISIONED"))
    with pytest.raises(DeploymentFailed, match=r"Table: the update of AWS::DynamoDB::Table is not modelled"):
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


def test_a_zone_with_vpcs_is_private(world: World) -> None:
    """A hosted zone is private, tagged, associated with its VPCs, and goes with its stack."""
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


def package(body: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        # A ZipInfo has a fixed date: the same body gives the same bytes, whatever the second.
        archive.writestr(zipfile.ZipInfo("handlers.py"), body)
    return packed.getvalue()


FUNCTION = """
Parameters:
  Bucket: {Type: String}
  Key: {Type: String}
  Batch: {Type: Number, Default: 25}
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      RoleName: observer
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: sts:AssumeRole}]
  Queue: {Type: AWS::SQS::Queue, Properties: {QueueName: events}}
  Dead: {Type: AWS::SQS::Queue, Properties: {QueueName: dead}}
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: ledger
      KeySchema: [{AttributeName: pk, KeyType: HASH}]
      AttributeDefinitions: [{AttributeName: pk, AttributeType: S}]
      BillingMode: PAY_PER_REQUEST
      StreamSpecification: {StreamViewType: NEW_AND_OLD_IMAGES}
  Function:
    Type: AWS::Lambda::Function
    Properties:
      FunctionName: observer
      Runtime: python3.13
      Handler: handlers.observer
      Architectures: [arm64]
      Role: !GetAtt Role.Arn
      MemorySize: 512
      Timeout: 60
      Code: {S3Bucket: !Ref Bucket, S3Key: !Ref Key}
      Environment: {Variables: {TABLE: !Ref Table}}
  FromQueue:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      FunctionName: !Ref Function
      EventSourceArn: !GetAtt Queue.Arn
      BatchSize: !Ref Batch
      MaximumBatchingWindowInSeconds: 2
      FunctionResponseTypes: [ReportBatchItemFailures]
      ScalingConfig: {MaximumConcurrency: 5}
  FromStream:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      FunctionName: !GetAtt Function.Arn
      EventSourceArn: !GetAtt Table.StreamArn
      StartingPosition: TRIM_HORIZON
      BatchSize: 100
      BisectBatchOnFunctionError: true
      MaximumRetryAttempts: 10
      FunctionResponseTypes: [ReportBatchItemFailures]
      FilterCriteria: {Filters: [{Pattern: '{"eventName":["INSERT"]}'}]}
      DestinationConfig: {OnFailure: {Destination: !GetAtt Dead.Arn}}
Outputs:
  Function: {Value: !GetAtt Function.Arn}
"""


def test_a_function_and_its_mappings_keep_their_properties(world: World) -> None:
    """The code comes from the bucket, and no property of the event source mappings is lost."""
    s3 = client("s3", region=SECOND)
    s3.create_bucket(Bucket="packages")
    s3.put_object(Bucket="packages", Key="one.zip", Body=package("one = 1"))
    s3.put_object(Bucket="packages", Key="two.zip", Body=package("two = 2"))
    world.deploy(FUNCTION, Bucket="packages", Key="one.zip")
    function = lambda_backends[HUB][REGION].get_function("observer")
    assert function.code_bytes == package("one = 1")
    assert (function.architectures, function.handler, function.timeout) == (["arm64"], "handlers.observer", 60)
    assert function.environment_vars == {"TABLE": "ledger"}
    mappings = {
        each["EventSourceArn"].split(":")[2]: each
        for each in client("lambda").list_event_source_mappings()["EventSourceMappings"]
    }
    assert mappings["sqs"]["BatchSize"] == 25
    assert mappings["sqs"]["MaximumBatchingWindowInSeconds"] == 2
    assert mappings["sqs"]["ScalingConfig"] == {"MaximumConcurrency": 5}
    stream = mappings["dynamodb"]
    assert stream["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert stream["FilterCriteria"] == {"Filters": [{"Pattern": '{"eventName":["INSERT"]}'}]}
    assert stream["DestinationConfig"] == {"OnFailure": {"Destination": f"arn:aws:sqs:{REGION}:{HUB}:dead"}}
    assert (stream["BisectBatchOnFunctionError"], stream["MaximumRetryAttempts"]) == (True, 10)

    world.deploy(FUNCTION, Bucket="packages", Key="two.zip", Batch="50")
    assert function.code_bytes == package("two = 2")
    batches = {each["BatchSize"] for each in client("lambda").list_event_source_mappings()["EventSourceMappings"]}
    assert batches == {50, 100}
    with pytest.raises(DeploymentFailed, match="NoSuchKey"):
        world.deploy(FUNCTION, Bucket="packages", Key="three.zip")


CHILD = """
Parameters:
  Hub: {Type: String}
Resources:
  Rule:
    Type: AWS::Events::Rule
    Properties:
      Name: !Sub orgdns-${AWS::Region}
      EventPattern: {source: [aws.ec2]}
      Targets: [{Id: hub, Arn: !Sub "arn:aws:events:eu-west-1:${Hub}:event-bus/orgdns"}]
"""


def stack_set(name: str, body: str, *regions: str, units: tuple[str, ...] = (WORK,), **more: Any) -> dict[str, Any]:  # noqa: ANN401 - properties of any kind
    properties = {
        "StackSetName": name,
        "PermissionModel": "SERVICE_MANAGED",
        "CallAs": "DELEGATED_ADMIN",
        "AutoDeployment": {"Enabled": True, "RetainStacksOnAccountRemoval": False},
        "Capabilities": ["CAPABILITY_NAMED_IAM"],
        "OperationPreferences": {"MaxConcurrentPercentage": 100},
        "StackInstancesGroup": [
            {"DeploymentTargets": {"OrganizationalUnitIds": list(units)}, "Regions": list(regions or (REGION,))}
        ],
        "TemplateBody": body,
    }
    return {"Type": "AWS::CloudFormation::StackSet", "Properties": {**properties, **more}}


READER = json.dumps({"Resources": {"Reader": role("orgdns-reader", "ec2:DescribeInstances")}})


def rollout(region_template: str = CHILD, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - properties of any kind
    arn = f"arn:aws:cloudformation:${{AWS::Region}}:{MANAGEMENT}:stackset/${{Account}}"
    automatic = {"Enabled": True, "RetainStacksOnAccountRemoval": False, "DependsOn": [{"Fn::Sub": arn}]}
    parameters = [{"ParameterKey": "Hub", "ParameterValue": {"Ref": "AWS::AccountId"}}]
    region = stack_set("a-region", region_template, REGION, SECOND, Parameters=parameters, AutoDeployment=automatic)
    return {"Resources": {"Region": region, "Account": stack_set("z-account", READER, **more)}}


def stacks(account: str, region: str) -> list[str]:
    listed = client("cloudformation", account, region).describe_stacks()["Stacks"]
    return sorted(stack["StackName"].split("-")[1] for stack in listed)


def rules(account: str, region: str) -> list[str]:
    return list(events_backends[account][region].describe_event_bus("default").rules)


def test_a_stack_set_puts_one_real_stack_into_each_account_and_region(world: World) -> None:
    """Units are followed down, and each stack is seen in its own account and region."""
    world.deploy(rollout())
    for account in (WEB, DATA):
        assert stacks(account, REGION) == ["a", "z"]
        assert stacks(account, SECOND) == ["a"]
        assert (rules(account, REGION), rules(account, SECOND)) == (["orgdns-eu-west-1"], ["orgdns-us-east-1"])
        assert "inline" in role_policies(account, "orgdns-reader")
    (target,) = events_backends[WEB][SECOND].describe_event_bus("default").rules["orgdns-us-east-1"].targets
    assert target["Arn"] == f"arn:aws:events:eu-west-1:{HUB}:event-bus/orgdns"
    summaries = client("cloudformation").list_stack_instances(StackSetName="a-region")["Summaries"]
    assert {(each["Account"], each["Region"], each["Status"]) for each in summaries} == {
        (account, region, "CURRENT") for account in (WEB, DATA) for region in (REGION, SECOND)
    }


def test_the_management_account_is_left_out(world: World) -> None:
    """A stack set on the root reaches every member account, and never the management account."""
    world.deploy({"Resources": {"Set": stack_set("all", READER, units=(world.organization.root_id,))}})
    assert [stacks(account, REGION) for account in (MANAGEMENT, WEB, DATA)] == [[], ["all"], ["all"]]


def test_an_account_that_joins_gets_its_stacks_in_order(world: World) -> None:
    """A new account in a target unit gets all stacks, those that others depend on first."""
    world.deploy(rollout())
    new = "100000000009"
    world.organization.add_account(PROD, AccountSpec(new, "new"))
    assert stacks(new, REGION) == ["a", "z"]
    assert stacks(new, SECOND) == ["a"]
    made = client("cloudformation", new).describe_stacks()["Stacks"]
    assert [stack["StackName"].split("-")[1] for stack in made] == ["z", "a"]


def test_an_account_that_leaves_loses_its_stacks(world: World) -> None:
    """Moved out of the target units, or out of the organization, an account keeps nothing of the rollout."""
    world.deploy(rollout())
    world.organization.move_account(WEB, OUTSIDE)
    world.organization.remove_account(DATA)
    for account in (WEB, DATA):
        assert (stacks(account, REGION), stacks(account, SECOND), rules(account, REGION)) == ([], [], [])
    assert client("cloudformation").list_stack_instances(StackSetName="a-region")["Summaries"] == []


def test_stacks_are_retained_where_that_is_asked_for(world: World) -> None:
    """With RetainStacksOnAccountRemoval the stack stays, and no longer belongs to the stack set."""
    retained = {"Enabled": True, "RetainStacksOnAccountRemoval": True}
    world.deploy({"Resources": {"Set": stack_set("kept", READER, AutoDeployment=retained)}})
    world.organization.move_account(WEB, OUTSIDE)
    assert stacks(WEB, REGION) == ["kept"]
    summaries = client("cloudformation").list_stack_instances(StackSetName="kept")["Summaries"]
    assert [each["Account"] for each in summaries] == [DATA]


def test_without_auto_deployment_accounts_come_and_go_unnoticed(world: World) -> None:
    """A stack set that does not deploy by itself leaves a new account alone."""
    world.deploy({"Resources": {"Set": stack_set("manual", READER, AutoDeployment={"Enabled": False})}})
    world.organization.add_account(WORK, AccountSpec("100000000009", "new"))
    assert stacks("100000000009", REGION) == []


def test_an_update_of_the_stack_set_updates_the_real_stacks(world: World) -> None:
    """A changed template reaches every stack, and changed targets add and take away."""
    world.deploy(rollout())
    world.deploy(rollout(CHILD.replace("aws.ec2", "aws.tag")))
    for account in (WEB, DATA):
        rule = events_backends[account][SECOND].describe_event_bus("default").rules["orgdns-us-east-1"]
        assert json.loads(rule.event_pattern.dump()) == {"source": ["aws.tag"]}
    world.deploy(
        rollout(StackInstancesGroup=stack_set("x", "", SECOND, units=(PROD,))["Properties"]["StackInstancesGroup"])
    )
    assert (stacks(WEB, REGION), stacks(DATA, REGION), stacks(DATA, SECOND)) == (["a"], ["a"], ["a", "z"])


def test_deleting_the_rollout_deletes_the_stacks(world: World) -> None:
    """When the stack set goes, so do its stacks."""
    world.deploy(rollout())
    world.deployer.delete(HUB, REGION, "stack")
    assert [stacks(account, region) for account in (WEB, DATA) for region in (REGION, SECOND)] == [[]] * 4


@pytest.mark.parametrize(
    ("account", "more", "message"),
    [
        (WEB, {}, "delegated admin"),
        (HUB, {"CallAs": "SELF"}, "delegated admin"),
        (MANAGEMENT, {}, "delegated admin"),
        (HUB, {"Capabilities": []}, "CAPABILITY_NAMED_IAM"),
        (HUB, {"PermissionModel": "SELF_MANAGED"}, "service-managed"),
        (HUB, {"TemplateURL": "https://x"}, "TemplateURL"),
        (HUB, {"AutoDeployment": {"Enabled": True, "DependsOn": ["arn:aws:x"]}}, "do not exist"),
    ],
)
def test_a_stack_set_that_aws_would_not_take_is_refused(
    world: World, account: str, more: dict[str, Any], message: str
) -> None:
    """Only the administrator, calling as what it is, with what the child template needs, may create one."""
    with pytest.raises(DeploymentFailed, match=message):
        world.deploy({"Resources": {"Set": stack_set("s", READER, **more)}}, account)
    assert stacks(WEB, REGION) == []


def test_a_stack_that_fails_in_a_member_account_undoes_the_stack_set(world: World) -> None:
    """One member has a role of that name already: the stacks made before it go again."""
    text = json.dumps({"Resources": {"Role": role("orgdns-reader", "a:B")}})
    world.deployer.deploy(DATA, REGION, "own-reader", text, {}, NAMED_IAM)
    with pytest.raises(DeploymentFailed, match="orgdns-reader"):
        world.deploy({"Resources": {"Set": stack_set("s", READER)}})
    assert (stacks(WEB, REGION), stacks(DATA, REGION)) == ([], ["reader"])
    listed = client("cloudformation").list_stack_sets()["Summaries"]
    assert [each["Status"] for each in listed] == ["DELETED"]


def test_change_sets_are_refused(world: World) -> None:
    """There is no way past what is checked here."""
    with pytest.raises(ClientError, match="no change sets"):
        client("cloudformation").create_change_set(
            StackName="x", ChangeSetName="x", ChangeSetType="CREATE", TemplateBody=BUS
        )
    assert world.deploy(BUS)


def test_the_management_account_may_call_as_itself(world: World) -> None:
    """The management account deploys to the members with CallAs SELF."""
    world.deploy({"Resources": {"Set": stack_set("own", READER, CallAs="SELF")}}, MANAGEMENT)
    assert stacks(DATA, REGION) == ["own"]


def test_without_trusted_access_there_are_no_service_managed_stack_sets() -> None:
    """StackSets must be let into the organization first."""
    with mock_aws(), organization_bridges(), deployer() as deploys:
        build_organization(SPEC)
        template = json.dumps({"Resources": {"Set": stack_set("s", READER)}})
        with pytest.raises(DeploymentFailed, match="trusted access"):
            deploys.deploy(HUB, REGION, "stack", template)


def test_a_resource_changes_with_what_it_refers_to() -> None:
    """References in Sub, If and conditions count like a bare Ref, and text that looks like one does not."""
    template = parsed_template(
        """
        Conditions: {Is: !Equals [!Ref P, x], Both: !And [{Condition: Is}, {Condition: Is}]}
        Resources:
          ByRef: {Type: T, Properties: {A: !Ref P}}
          BySub: {Type: T, Properties: {A: !Sub "x-${P}"}}
          ByIf: {Type: T, Properties: {A: !If [Both, 1, 2]}}
          ByCondition: {Type: T, Condition: Is}
          ByText: {Type: T, Properties: {A: "${P}", B: !Sub "${!P}"}}
          Other: {Type: T, Properties: {A: !Sub "${Q.P}"}}
        """
    )
    assert changed_resources(template, template, ["P"]) == ("ByRef", "BySub", "ByIf", "ByCondition")
    assert changed_resources(template, template, []) == ()
