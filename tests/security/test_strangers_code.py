"""What someone with a key of `make sandbox` could make it run: a package, a template or an address of a stranger.

A template from a web page, or a package from a colleague, must not run in the developer's own process.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.awslambda.models import lambda_backends

from hub.runtime import contract
from hub.runtime.installation import DEFAULT_NAMES as NAMES
from sandbox.admission import SERVICES
from sandbox.aws.functions.packages import Packages
from sandbox.aws.resolution.server import LOOPBACK
from sandbox.example import HUB, PAYMENTS
from sandbox.world import World
from sandbox.world.deployment import BUCKET
from tests.support.security.api import REGION, Api, program, served

OBSERVER = NAMES.observer_function
NOT_OURS = "the sandbox does not run the code of"


@pytest.fixture(scope="module")
def api(made: World) -> Iterator[Api]:
    with served(made) as serving:
        yield serving


@pytest.fixture
def marker(api: Api, tmp_path: Path) -> Iterator[Path]:
    """A file that a stranger's code would make. The functions run afterwards, and are as before."""
    path = tmp_path / "was-here"
    before = _deployed(api)
    yield path
    api.made.converge()
    assert not path.exists()
    assert _deployed(api) == before


def _deployed(api: Api) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = api.made.client("lambda", HUB).list_functions()["Functions"]
    return listed


def _function(**changes: object) -> dict[str, Any]:
    """A function of a stranger, which has the name that the sandbox's pollers know if its mapping is made, too."""
    role = f"arn:aws:iam::{HUB}:role/{NAMES.observer_role}"
    return {
        "FunctionName": "stranger",
        "Role": role,
        "Runtime": "python3.13",
        "Handler": contract.OBSERVER_HANDLER,
        **changes,
    }


def _package_of(api: Api) -> dict[str, str]:
    """Where the package that the sandbox deployed is."""
    found = [each["Key"] for each in api.made.client("s3", HUB).list_objects_v2(Bucket=BUCKET)["Contents"]]
    return {"S3Bucket": BUCKET, "S3Key": next(key for key in found if key.startswith(contract.SERVICE))}


def test_uploaded_package_is_refused(api: Api, marker: Path) -> None:
    """A new function with a stranger's zip is refused, in the request as in S3; the error says what to do."""
    functions, s3 = api.client("lambda", HUB), api.client("s3", HUB)
    with pytest.raises(ClientError, match=f"{NOT_OURS} stranger: .*start the sandbox again") as refused:
        functions.create_function(**_function(Code={"ZipFile": program(marker)}))
    assert refused.value.response["Error"]["Code"] == "InvalidParameterValueException"
    s3.put_object(Bucket=BUCKET, Key="mine.zip", Body=program(marker))
    with pytest.raises(ClientError, match=NOT_OURS):
        functions.create_function(**_function(Code={"S3Bucket": BUCKET, "S3Key": "mine.zip"}))
    with pytest.raises(ClientError, match=NOT_OURS):
        functions.create_function(**_function(Code={"ImageUri": "stranger:latest"}, PackageType="Image"))
    layer = functions.publish_layer_version(LayerName="stranger", Content={"ZipFile": program(marker)})
    with_layer = _function(Code=_package_of(api), Layers=[layer["LayerVersionArn"]])
    with pytest.raises(ClientError, match="does not run layers"):
        functions.create_function(**with_layer)
    s3.delete_object(Bucket=BUCKET, Key="mine.zip")


def test_code_of_a_deployed_function_cannot_be_replaced(api: Api, marker: Path) -> None:
    """The function keeps its code, whether the zip comes in the request or takes the place of the package in S3."""
    functions, s3 = api.client("lambda", HUB), api.client("s3", HUB)
    with pytest.raises(ClientError, match=f"{NOT_OURS} {OBSERVER}"):
        functions.update_function_code(FunctionName=OBSERVER, ZipFile=program(marker))
    place = _package_of(api)
    own = s3.get_object(Bucket=BUCKET, Key=place["S3Key"])["Body"].read()
    s3.put_object(Bucket=BUCKET, Key=place["S3Key"], Body=program(marker))
    with pytest.raises(ClientError, match=f"{NOT_OURS} {OBSERVER}"):
        functions.update_function_code(FunctionName=OBSERVER, **place)
    s3.put_object(Bucket=BUCKET, Key=place["S3Key"], Body=own)
    # The sandbox's own package is accepted again, and runs.
    functions.update_function_code(FunctionName=OBSERVER, **place)
    (instance,) = api.made.launch(PAYMENTS, REGION, "web")
    api.made.converge()
    assert ("web.corp.internal.", f"orgdns/{PAYMENTS}/{REGION}/{instance}") in {
        (name, owner) for name, _, _, owner in api.made.owners("corp.internal")
    }


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"Handler": "os.system"}, "the handler 'os.system'"),
        ({"Handler": "hub.runtime.bootstrap.observer"}, "the handler"),
        (
            {"Environment": {"Variables": {"AWS_CONFIG_FILE": "config", "AWS_PROFILE": "x"}}},
            "AWS_CONFIG_FILE, AWS_PR",
        ),
        ({"Environment": {"Variables": {"PYTHONPATH": "."}}}, "PYTHONPATH"),
        ({"Environment": {"Variables": {"AWS_ENDPOINT_URL": "http://evil.example"}}}, "AWS_ENDPOINT_URL"),
        ({"Environment": {"Variables": {"HTTPS_PROXY": "http://evil.example"}}}, "HTTPS_PROXY"),
    ],
)
def test_own_package_cannot_be_made_to_run_something_else(
    api: Api, marker: Path, changes: dict[str, Any], reason: str
) -> None:
    """Handler and environment could name a program of the machine, or a server of the stranger."""
    functions = api.client("lambda", HUB)
    with pytest.raises(ClientError, match=reason):
        functions.update_function_configuration(FunctionName=OBSERVER, **changes)
    with pytest.raises(ClientError, match=reason):
        functions.create_function(**_function(Code=_package_of(api), **changes))
    assert not marker.exists()


def test_template_with_another_package_is_refused(api: Api, marker: Path) -> None:
    """CloudFormation creates and updates functions through Lambda, so the stack is refused, with the reason."""
    stacks, s3 = api.client("cloudformation", HUB), api.client("s3", HUB)
    s3.put_object(Bucket=BUCKET, Key="mine.zip", Body=program(marker))
    properties = _function(Code={"S3Bucket": BUCKET, "S3Key": "mine.zip"})
    inline = properties | {"Code": {"ZipFile": f"open({str(marker)!r}, 'w')"}, "Handler": "index.handler"}
    for function in (properties, inline):
        template = {"Resources": {"Stranger": {"Type": "AWS::Lambda::Function", "Properties": function}}}
        stacks.create_stack(StackName="stranger", TemplateBody=json.dumps(template))
        assert _refusal(stacks, "stranger", "ROLLBACK_COMPLETE").startswith(NOT_OURS)
        stacks.delete_stack(StackName="stranger")
    given = stacks.describe_stacks(StackName=NAMES.hub_stack)["Stacks"][0]["Parameters"]
    changed = [each | ({"ParameterValue": "mine.zip"} if each["ParameterKey"] == "CodeKey" else {}) for each in given]
    stacks.update_stack(
        StackName=NAMES.hub_stack,
        UsePreviousTemplate=True,
        Parameters=changed,
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )
    assert _refusal(stacks, NAMES.hub_stack, "UPDATE_ROLLBACK_COMPLETE").startswith(NOT_OURS)
    assert not marker.exists()
    s3.delete_object(Bucket=BUCKET, Key="mine.zip")


def _refusal(stacks: Any, name: str, status: str) -> str:  # noqa: ANN401 - a client
    """Why the last operation of a stack failed and was undone."""
    assert stacks.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"] == status
    events = stacks.describe_stack_events(StackName=name)["StackEvents"]
    return next(
        str(event["ResourceStatusReason"])
        for event in events
        if event["ResourceStatus"].endswith("_FAILED") and "Lambda::Function" in event["ResourceType"]
    )


def test_function_that_is_there_nevertheless_is_not_run(api: Api, marker: Path) -> None:
    """Whatever way a stranger's code would come into a function, it is checked again before it runs."""
    backend = lambda_backends[HUB][REGION]
    function = backend.get_function(OBSERVER)
    own = function.code_bytes
    function.code_bytes = program(marker)
    try:
        outcome = api.made.functions.invoke(function, {"Records": []})
    finally:
        function.code_bytes = own
    assert outcome.error is not None
    assert outcome.error.startswith(NOT_OURS)
    assert Packages().fault(function)


def test_invocation_starts_no_container(api: Api, marker: Path) -> None:
    """The emulator would start a container for an invocation, if the machine has an engine for them."""
    functions = api.client("lambda", HUB)
    with pytest.raises(ClientError, match="does not invoke"):
        functions.invoke(FunctionName=OBSERVER, Payload=b"{}")
    assert not marker.exists()


@pytest.mark.parametrize(
    "tag", ["!!python/object/apply:pathlib.Path.touch", "!!python/object/new:pathlib.Path.touch", "!!python/name:os.x"]
)
def test_template_is_read_without_running_it(api: Api, marker: Path, tag: str) -> None:
    """A YAML tag can name a Python function and its arguments; the emulator's own reader calls it."""
    stacks = api.client("cloudformation", PAYMENTS)
    path = f"!!python/object/apply:pathlib.Path [{marker}]"
    template = f"Description: {tag} [{path}]\nResources: {{Queue: {{Type: 'AWS::SQS::Queue'}}}}\n"
    named = {"StackName": "tagged", "TemplateBody": template}
    for call, request in (
        (stacks.validate_template, {"TemplateBody": template}),
        (stacks.get_template_summary, {"TemplateBody": template}),
        (stacks.create_stack, named),
        (stacks.create_change_set, named | {"ChangeSetName": "x", "ChangeSetType": "CREATE"}),
        (stacks.create_stack_set, {"StackSetName": "tagged", "TemplateBody": template}),
    ):
        with suppress(ClientError):
            call(**request)
        assert not marker.exists(), call


def test_custom_resources_and_macros_are_refused(api: Api) -> None:
    """Both make CloudFormation call a function or read a file of someone else."""
    stacks = api.client("cloudformation", HUB)
    token = {"ServiceToken": f"arn:aws:lambda:{REGION}:{HUB}:function:{OBSERVER}"}
    for kind in ("Custom::Stranger", "AWS::CloudFormation::CustomResource"):
        template = {"Resources": {"Call": {"Type": kind, "Properties": token}}}
        with pytest.raises(ClientError, match="does not have these resource types"):
            stacks.create_stack(StackName="custom", TemplateBody=json.dumps(template))
    with pytest.raises(ClientError, match="macros"):
        stacks.create_stack(
            StackName="macro",
            TemplateBody=json.dumps({"Transform": "AWS::Include", "Resources": {"Q": {"Type": "AWS::SQS::Queue"}}}),
        )


def test_addresses_in_calls_are_not_visited(api: Api) -> None:
    """No call makes the sandbox send a request to an address of the caller's choice, or read a file of the machine."""
    with socket.create_server((LOOPBACK, 0)) as listener:
        listener.settimeout(0.5)
        address = f"http://{LOOPBACK}:{listener.getsockname()[1]}/bucket/template"
        stacks = api.client("cloudformation", PAYMENTS)
        for url in (address, "file:///etc/passwd", address.replace(LOOPBACK, "localhost")):
            with pytest.raises(ClientError):
                stacks.create_stack(StackName="fetched", TemplateURL=url)
        topic = {"TopicName": "calls", "Subscription": [{"Protocol": "http", "Endpoint": address}]}
        bucket = {"BucketName": "calls"}
        template = {
            "Resources": {
                "T": {"Type": "AWS::SNS::Topic", "Properties": topic},
                "B": {"Type": "AWS::S3::Bucket", "Properties": bucket},
            }
        }
        stacks.create_stack(StackName="calls", TemplateBody=json.dumps(template))
        s3 = api.client("s3", PAYMENTS)
        arn = f"arn:aws:sns:{REGION}:{PAYMENTS}:calls"
        topics = {"TopicConfigurations": [{"Events": ["s3:ObjectCreated:*"], "TopicArn": arn}]}
        s3.put_bucket_notification_configuration(Bucket="calls", NotificationConfiguration=topics)
        s3.put_object(Bucket="calls", Key="k", Body=b"x")
        sns = api.made.client("sns", PAYMENTS, REGION)
        with pytest.raises(ConnectionError, match="does not send requests to other servers"):
            sns.publish(TopicArn=arn, Message="x")
        with pytest.raises(TimeoutError):
            listener.accept()


@pytest.mark.parametrize("service", ["stepfunctions", "ses", "batch", "secretsmanager", "codebuild", "ecs"])
def test_other_services_are_not_served(api: Api, service: str) -> None:
    """The emulator has more than a hundred services, some of which run containers; orgdns needs few."""
    body = b"{}"
    headers = api.signed(PAYMENTS, service, body)
    answer = api.send("POST", "/", headers, body)
    assert answer.status == 403
    assert f"does not serve '{service}'" in answer.text
    assert service not in SERVICES
