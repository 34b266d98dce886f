"""The quotas that a deployment meets: the sandbox refuses what AWS refuses, in AWS's words."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.aws.cloudformation.deployer import DeploymentFailed
from sandbox.aws.quotas.rules import QuotaExceeded, check_resource
from tests.support.sandbox.cloudformation import BUS, World, role
from tests.support.sandbox.organizations import HUB, REGION, WEB, client

Json = dict[str, Any]
QUEUE = {"Type": "AWS::SQS::Queue"}


def allowing(characters: int) -> Json:
    """A policy document of this size without white space."""
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::"}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    statement["Resource"] += "x" * (characters - len(json.dumps(document, separators=(",", ":"))))
    return document


def with_policies(*sizes: int, trust: int = 200) -> Json:
    made = role("some")
    made["Properties"]["Policies"] = [
        {"PolicyName": str(number), "PolicyDocument": allowing(size)} for number, size in enumerate(sizes)
    ]
    made["Properties"]["AssumeRolePolicyDocument"] = allowing(trust)
    return made


def managed(size: int = 200) -> Json:
    return {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": allowing(size), "Roles": ["some"]}}


def bus_statement(size: int, number: int) -> Json:
    statement = {"Effect": "Allow", "Principal": "*", "Action": "events:PutEvents", "Resource": "x" * size}
    properties = {"EventBusName": {"Ref": "Bus"}, "StatementId": f"s{number}", "Statement": statement}
    return {"Type": "AWS::Events::EventBusPolicy", "Properties": properties}


def queue_policy(document: Json) -> Json:
    return {"Type": "AWS::SQS::QueuePolicy", "Properties": {"Queues": [{"Ref": "Queue"}], "PolicyDocument": document}}


def rule(size: int) -> Json:
    pattern = {"source": ["x" * (size - len('{"source":[""]}'))]}
    return {"Type": "AWS::Events::Rule", "Properties": {"Name": "r", "EventPattern": pattern}}


BUS_RESOURCE = {"Type": "AWS::Events::EventBus", "Properties": {"Name": "orgdns"}}
CASES: list[tuple[Json, Json, str]] = [
    (
        {"R": with_policies(10_000, 240)},
        {"R": with_policies(10_000, 241)},
        "Maximum policy size of 10240 bytes exceeded for role some",
    ),
    ({"R": with_policies(trust=2_048)}, {"R": with_policies(trust=2_049)}, "quota for ACLSizePerRole: 2048"),
    (
        {"R": role("some"), "P": managed(6_144) | {"DependsOn": "R"}},
        {"R": role("some"), "P": managed(6_145) | {"DependsOn": "R"}},
        "Cannot exceed quota for PolicySize: 6144",
    ),
    (
        {"R": role("some")} | {f"P{n}": managed() | {"DependsOn": "R"} for n in range(10)},
        {"R": role("some")} | {f"P{n}": managed() | {"DependsOn": "R"} for n in range(11)},
        "Cannot exceed quota for PoliciesPerRole: 10",
    ),
    ({"E": rule(2_048)}, {"E": rule(2_049)}, "Event pattern exceeds the quota of 2048"),
    (
        {"Bus": BUS_RESOURCE, "A": bus_statement(4_900, 1), "B": bus_statement(4_900, 2)},
        {"Bus": BUS_RESOURCE, "A": bus_statement(4_900, 1), "B": bus_statement(5_300, 2)},
        "exceeds the maximum of 10240",
    ),
    (
        {"Queue": QUEUE, "P": queue_policy(allowing(8_192))},
        {"Queue": QUEUE, "P": queue_policy(allowing(8_193))},
        "Invalid value for the parameter Policy",
    ),
    (
        {"Queue": QUEUE, "P": queue_policy({"Statement": [{}] * 20})},
        {"Queue": QUEUE, "P": queue_policy({"Statement": [{}] * 21})},
        "Invalid value for the parameter Policy",
    ),
]


@pytest.mark.parametrize(("fits", "exceeds", "message"), CASES)
def test_resource_beyond_its_quota_is_refused(world: World, fits: Json, exceeds: Json, message: str) -> None:
    """The quota itself is accepted, one more is not, and the failed stack is gone."""
    with pytest.raises(DeploymentFailed, match=message):
        world.deploy({"Resources": exceeds})
    assert client("cloudformation").describe_stacks()["Stacks"] == []
    world.deploy({"Resources": fits})
    with pytest.raises(DeploymentFailed, match=message):
        world.deploy({"Resources": exceeds})


def test_environment_of_a_function_is_measured_as_json() -> None:
    """A quotation mark counts twice, because Lambda escapes it."""
    for value in ("x" * 4_088, '"' * 2_044):
        check_resource("AWS::Lambda::Function", {"Environment": {"Variables": {"A": value}}})
        with pytest.raises(QuotaExceeded, match="provided exceeded the 4KB limit"):
            check_resource("AWS::Lambda::Function", {"Environment": {"Variables": {"A": f"{value}x"}}})


@pytest.mark.parametrize(
    ("section", "limit", "part"),
    [
        ("Parameters", 200, {"Type": "String", "Default": "x"}),
        ("Outputs", 200, {"Value": "x"}),
        ("Mappings", 200, {"a": {"b": "c"}}),
    ],
)
def test_template_with_too_many_parts_is_refused(world: World, section: str, limit: int, part: Json) -> None:
    """The numbers of parameters, outputs and mappings have limits of their own."""
    template = {"Resources": {"Queue": QUEUE}}
    world.deploy(template | {section: {f"P{number}": part for number in range(limit)}})
    with pytest.raises(DeploymentFailed, match=f"Number of {section.lower()}, {limit + 1}, is greater than maximum"):
        world.deploy(template | {section: {f"P{number}": part for number in range(limit + 1)}})


def test_template_with_too_many_resources_is_refused(world: World) -> None:
    """501 resources are refused before the first is created."""
    with pytest.raises(DeploymentFailed, match="Number of resources, 501, is greater than maximum allowed, 500"):
        world.deploy({"Resources": {f"Q{number}": QUEUE for number in range(501)}})


def test_value_of_a_parameter_has_a_limit(world: World) -> None:
    """4,096 bytes."""
    template = {"Resources": {"Queue": QUEUE}, "Parameters": {"P": {"Type": "String"}}}
    world.deploy(template, P="x" * 4_096)
    with pytest.raises(DeploymentFailed, match="Parameter P value exceeds"):
        world.deploy(template, P="x" * 4_097)


def padded(size: int) -> str:
    """A template of this size."""
    return f"# {'x' * (size - len(BUS.encode()) - len('# '))}{BUS}"


def test_large_template_is_refused_as_text_and_accepted_from_s3(world: World) -> None:
    """51,200 bytes as text and 1,000,000 from a bucket. The deployer uses a bucket where it needs one."""
    stacks = client("cloudformation")
    with pytest.raises(ClientError, match="length less than or equal to 51200"):
        stacks.create_stack(StackName="text", TemplateBody=padded(51_201))
    stacks.create_stack(StackName="text", TemplateBody=padded(51_200))
    stacks.delete_stack(StackName="text")
    assert world.deploy(padded(51_201))["Name"] == "orgdns"
    assert world.deploy(padded(1_000_000))["Name"] == "orgdns"
    with pytest.raises(DeploymentFailed, match="Template may not exceed 1000000 bytes in size"):
        world.deploy(padded(1_000_001))


@pytest.mark.parametrize(
    "url",
    [
        "https://templates.s3.eu-central-1.amazonaws.com/a/stack.yaml",
        "https://templates.s3.amazonaws.com/a/stack.yaml",
        "https://s3.eu-central-1.amazonaws.com/templates/a/stack.yaml",
        "http://127.0.0.1:4566/templates/a/stack.yaml",
        "http://localhost:4566/templates/a/stack.yaml",
    ],
)
@pytest.mark.usefixtures("world")
def test_template_url_is_read_in_either_style(url: str) -> None:
    """`aws cloudformation deploy --s3-bucket` names the endpoint's host and the bucket in the path."""
    s3 = client("s3")
    s3.create_bucket(Bucket="templates", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket="templates", Key="a/stack.yaml", Body=BUS.encode())
    client("cloudformation").create_stack(StackName="stack", TemplateURL=url)
    (stack,) = client("cloudformation").describe_stacks(StackName="stack")["Stacks"]
    assert stack["StackStatus"] == "CREATE_COMPLETE"


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("https://example.com/templates/stack.yaml", "TemplateURL must be a supported URL"),
        ("file:///etc/passwd", "TemplateURL must be a supported URL"),
        ("https://templates.s3.evil.example/stack.yaml", "TemplateURL must be a supported URL"),
        ("https://none.s3.amazonaws.com/stack.yaml", "must reference a valid S3 object"),
        ("https://s3.amazonaws.com/none/stack.yaml", "must reference a valid S3 object"),
    ],
)
@pytest.mark.usefixtures("world")
def test_other_urls_are_refused(url: str, message: str) -> None:
    """Nothing but a bucket of the same account is read."""
    with pytest.raises(ClientError, match=message):
        client("cloudformation").create_stack(StackName="stack", TemplateURL=url)


@pytest.mark.usefixtures("world")
def test_bucket_of_another_account_is_refused() -> None:
    """The sandbox reads a template in a bucket of the caller's account only."""
    client("s3", WEB).create_bucket(Bucket="templates", CreateBucketConfiguration={"LocationConstraint": REGION})
    client("s3", WEB).put_object(Bucket="templates", Key="stack.yaml", Body=BUS.encode())
    with pytest.raises(ClientError, match="must reference a valid S3 object"):
        client("cloudformation", HUB).create_stack(
            StackName="stack", TemplateURL="https://templates.s3.amazonaws.com/stack.yaml"
        )


def test_body_of_a_stack_set_is_text(world: World) -> None:
    """A StackSet that contains its template takes 51,200 bytes, wherever its own template comes from."""
    properties = {
        "StackSetName": "s",
        "PermissionModel": "SERVICE_MANAGED",
        "CallAs": "DELEGATED_ADMIN",
        "AutoDeployment": {"Enabled": False},
        "TemplateBody": padded(51_201),
    }
    template = {"Resources": {"Set": {"Type": "AWS::CloudFormation::StackSet", "Properties": properties}}}
    with pytest.raises(DeploymentFailed, match="length less than or equal to 51200"):
        world.deploy(template)
    properties["TemplateBody"] = padded(51_200)
    world.deploy(template)
