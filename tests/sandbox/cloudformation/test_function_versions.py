"""Versions and aliases of functions in a stack, and what event source mappings run."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest
from moto.awslambda.models import lambda_backends

from sandbox.aws.cloudformation.deployer import DeploymentFailed
from sandbox.aws.functions.mappings import own_event_sources
from sandbox.aws.functions.service import Functions
from sandbox.clock import MovedClock
from tests.support.sandbox.cloudformation import SECOND, World
from tests.support.sandbox.functions import package
from tests.support.sandbox.organizations import HUB, REGION, client

ONE, TWO = (
    package(f"import os\ndef run(event, context):\n    print('{name}', os.environ)\n") for name in ("one", "two")
)
TEMPLATE: dict[str, Any] = {
    "Parameters": {name: {"Type": "String", "Default": ""} for name in ("Key", "Sha", "Object", "Level")},
    "Conditions": {"HasObject": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Object"}, ""]}]}},
    "Resources": {
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "RoleName": "worker",
                "AssumeRolePolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Principal": {"Service": "lambda.amazonaws.com"},
                            "Action": "sts:AssumeRole",
                        }
                    ],
                },
            },
        },
        "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "events"}},
        # Before what it refers to: the order in a template has no meaning.
        "Alias": {
            "Type": "AWS::Lambda::Alias",
            "Properties": {
                "Name": "live",
                "FunctionName": {"Ref": "Function"},
                "FunctionVersion": {"Fn::GetAtt": ["Version", "Version"]},
            },
        },
        "Version": {
            "Type": "AWS::Lambda::Version",
            "UpdateReplacePolicy": "Retain",
            "Properties": {
                "FunctionName": {"Ref": "Function"},
                "CodeSha256": {"Ref": "Sha"},
                "Description": {"Fn::Sub": "level ${Level}"},
            },
        },
        "Function": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "FunctionName": "worker",
                "Runtime": "python3.13",
                "Handler": "hub.runtime.handlers.run",
                "Role": {"Fn::GetAtt": ["Role", "Arn"]},
                "Code": {
                    "S3Bucket": "packages",
                    "S3Key": {"Ref": "Key"},
                    "S3ObjectVersion": {"Fn::If": ["HasObject", {"Ref": "Object"}, {"Ref": "AWS::NoValue"}]},
                },
                "LoggingConfig": {"LogFormat": "JSON", "ApplicationLogLevel": {"Ref": "Level"}},
            },
        },
        "Source": {
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": {"FunctionName": {"Ref": "Alias"}, "EventSourceArn": {"Fn::GetAtt": ["Queue", "Arn"]}},
        },
    },
    "Outputs": {"Live": {"Value": {"Ref": "Alias"}}},
}


def digest(content: bytes) -> str:
    return base64.b64encode(hashlib.sha256(content).digest()).decode()


@pytest.fixture(autouse=True)
def bucket(world: World) -> None:
    """A bucket that keeps versions, with two packages."""
    del world
    s3 = client("s3", region=SECOND)
    s3.create_bucket(Bucket="packages")
    s3.put_bucket_versioning(Bucket="packages", VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket="packages", Key="one.zip", Body=ONE)
    s3.put_object(Bucket="packages", Key="two.zip", Body=TWO)


def deploy(world: World, key: str, content: bytes, level: str = "INFO", **more: str) -> str:
    return world.deploy(TEMPLATE, Key=key, Sha=digest(content), Level=level, **more)["Live"]


def live() -> dict[str, Any]:
    found: dict[str, Any] = client("lambda").get_function_configuration(FunctionName="worker", Qualifier="live")
    return found


def test_mapping_runs_the_version_of_its_alias(world: World, clock: MovedClock) -> None:
    """Neither code nor configuration of $LATEST runs, and the alias follows the next version."""
    with own_event_sources():
        arn = deploy(world, "one.zip", ONE)
        assert arn == f"arn:aws:lambda:{REGION}:{HUB}:function:worker:live"
        client("lambda").update_function_code(FunctionName="worker", S3Bucket="packages", S3Key="two.zip")
        functions = Functions(clock)
        functions.discover(HUB, REGION)

        def run() -> str:
            sqs = client("sqs")
            sqs.send_message(QueueUrl=sqs.get_queue_url(QueueName="events")["QueueUrl"], MessageBody="{}")
            assert functions.converge() == 1
            return str(functions.logs("worker")[-1])

        assert run().startswith("one")
        assert "'AWS_LAMBDA_LOG_LEVEL': 'INFO'" in run()
        assert "'AWS_LAMBDA_FUNCTION_VERSION': '1'" in run()
        deploy(world, "two.zip", TWO, "DEBUG")
        assert run().startswith("two")
        assert "'AWS_LAMBDA_LOG_LEVEL': 'DEBUG'" in run()
        (mapping,) = client("lambda").list_event_source_mappings()["EventSourceMappings"]
        assert mapping["FunctionArn"] == arn


def test_version_of_other_code_is_refused(world: World) -> None:
    """The deployment fails and the alias stays; a deployment with the right digest then succeeds."""
    deploy(world, "one.zip", ONE)
    with pytest.raises(DeploymentFailed, match="is different from current CodeSHA256"):
        deploy(world, "two.zip", ONE, "DEBUG")
    assert live()["CodeSha256"] == digest(ONE)
    deploy(world, "two.zip", TWO)
    assert live()["CodeSha256"] == digest(TWO)


def test_function_with_other_code_is_not_created(world: World) -> None:
    """A first deployment with another digest leaves nothing behind."""
    with pytest.raises(DeploymentFailed, match="is different from current CodeSHA256"):
        deploy(world, "two.zip", ONE)
    assert not list(lambda_backends[HUB][REGION].list_functions("ALL"))


def test_unchanged_function_gets_no_version(world: World) -> None:
    """Lambda publishes nothing if neither code nor configuration changed, and CloudFormation calls that a failure."""
    deploy(world, "one.zip", ONE)
    other = json.loads(json.dumps(TEMPLATE))
    other["Resources"]["Version"]["Properties"]["Description"] = "another text"
    with pytest.raises(DeploymentFailed, match=r"A version for this Lambda function exists \( 1 \)"):
        world.deploy(other, Key="one.zip", Sha=digest(ONE), Level="INFO")


def test_object_version_names_the_package(world: World) -> None:
    """An object version is read even if the key was overwritten; one that does not exist fails the deployment."""
    s3 = client("s3", region=SECOND)
    version = s3.put_object(Bucket="packages", Key="key.zip", Body=ONE)["VersionId"]
    s3.put_object(Bucket="packages", Key="key.zip", Body=TWO)
    deploy(world, "key.zip", ONE, Object=version)
    assert live()["CodeSha256"] == digest(ONE)
    with pytest.raises(DeploymentFailed, match="NoSuchVersion"):
        deploy(world, "key.zip", ONE, Object="none")


def test_stack_is_deleted_with_versions_and_alias(world: World) -> None:
    """Nothing of the function is left."""
    deploy(world, "one.zip", ONE)
    world.deployer.delete(HUB, REGION, "stack")
    assert not list(lambda_backends[HUB][REGION].list_functions("ALL"))


@pytest.mark.parametrize(
    ("title", "name", "value"),
    [
        ("Version", "ProvisionedConcurrencyConfig", {"ProvisionedConcurrentExecutions": 1}),
        ("Version", "Description", "x" * 257),
        ("Alias", "RoutingConfig", {"AdditionalVersionWeights": []}),
        (
            "Function",
            "CodeSigningConfigArn",
            "arn:aws:lambda:eu-central-1:222222222222:code-signing-config:csc-0123456789abcdef0",
        ),
    ],
)
def test_what_is_not_modeled_is_refused(world: World, title: str, name: str, value: object) -> None:
    """A property is refused rather than ignored."""
    template = json.loads(json.dumps(TEMPLATE))
    template["Resources"][title]["Properties"][name] = value
    with pytest.raises(DeploymentFailed, match=r"not modeled|less than or equal to 256"):
        world.deploy(template, Key="one.zip", Sha=digest(ONE), Level="INFO")
