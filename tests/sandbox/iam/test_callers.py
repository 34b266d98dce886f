"""Users and roles with policies may do over the API what these allow, and CloudFormation in their name no more."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from sandbox.api_server import answering
from sandbox.aws.cloudformation.deployer import deployer
from sandbox.aws.credentials import access_key
from sandbox.aws.iam.callers.guard import Records
from sandbox.aws.iam.callers.principals import create_user
from sandbox.aws.resolution.server import LOOPBACK
from tests.support.sandbox.organizations import HUB, REGION, simulated_organization

ARN = f"arn:aws:iam::{HUB}:user/ann"
ALARM = f"arn:aws:cloudwatch:{REGION}:{HUB}:alarm:*"
QUEUE = f"arn:aws:sqs:{REGION}:{HUB}:events"
STACK = f"arn:aws:cloudformation:{REGION}:{HUB}:stack/queues/*"
THROUGH = {"ForAnyValue:StringEquals": {"aws:CalledVia": "cloudformation.amazonaws.com"}}
TEMPLATE = json.dumps(
    {"Resources": {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "events", "Tags": []}}}}
)
CREATION = ["sqs:CreateQueue", "sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:ListQueueTags", "sqs:TagQueue"]


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    failures: list[str] = []
    with (
        simulated_organization(),
        deployer(),
        socket.create_server((LOOPBACK, 0)) as listener,
        answering(listener, threading.Lock(), failures.append, records=Records([], [])),
    ):
        yield f"http://{LOOPBACK}:{listener.getsockname()[1]}"


def allow(*actions: str, resource: str = "*", condition: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource, "Condition": condition or {}}


def client(endpoint: str, service: str, *statements: dict[str, Any], name: str = "ann") -> Any:  # noqa: ANN401 - any service's client
    """A client of a user with these statements; of an administrator if there are none."""
    key_id, secret = access_key(HUB)
    if statements:
        policy = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
        key_id, secret = create_user(HUB, name, {f"policy-{name}": policy})
    make: Any = boto3.client
    return make(
        service,
        REGION,
        endpoint_url=endpoint,
        aws_access_key_id=key_id,
        aws_secret_access_key=secret,
        config=Config(retries={"total_max_attempts": 1}),
    )


@contextmanager
def refused(code: str, words: str = "", status: int = 403) -> Iterator[None]:
    with pytest.raises(ClientError) as error:
        yield
    answer = error.value.response
    assert (answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]) == (code, status)
    assert words in answer["Error"].get("Message", "")


def test_missing_object_is_known_only_to_who_may_list(endpoint: str) -> None:
    """S3 answers 404 for an object that does not exist to who may list the bucket, and 403 to others."""
    place: Any = {"CreateBucketConfiguration": {"LocationConstraint": REGION}}
    client(endpoint, "s3").create_bucket(Bucket="objects", **place)
    read = allow("s3:GetObject", resource="arn:aws:s3:::objects/*")
    with refused("AccessDenied", "s3:ListBucket"):
        client(endpoint, "s3", read, name="reader").get_object(Bucket="objects", Key="missing")
    listed = allow("s3:ListBucket", resource="arn:aws:s3:::objects")
    with refused("NoSuchKey", status=404):
        client(endpoint, "s3", read, listed, name="lister").get_object(Bucket="objects", Key="missing")


def test_administrators_may_do_everything(endpoint: str) -> None:
    """A key without a user, as all others of the sandbox, is not checked."""
    assert client(endpoint, "iam").list_users()["IsTruncated"] is False


def test_refusals_have_the_words_and_codes_of_each_service(endpoint: str) -> None:
    """Each protocol has its own form of the same refusal."""
    made = {
        service: client(endpoint, service, allow("sts:GetCallerIdentity"), name=f"ann-{service}")
        for service in ("cloudformation", "cloudwatch", "ec2", "iam", "lambda", "logs", "s3")
    }

    def words(service: str, action: str, resource: str = "") -> str:
        where = f" on resource: {resource}" if resource else ""
        return (
            f"User: {ARN}-{service} is not authorized to perform: {action}{where} because no identity-based policy "
            f"allows the {action} action"
        )

    with refused("AccessDenied", words("cloudformation", "cloudformation:DescribeStacks", STACK)):
        made["cloudformation"].describe_stacks(StackName="queues")
    with refused("AccessDenied", words("cloudwatch", "cloudwatch:DescribeAlarms", ALARM)):
        made["cloudwatch"].describe_alarms()
    with refused("UnauthorizedOperation", words("ec2", "ec2:DescribeVpcs")):
        made["ec2"].describe_vpcs()
    with refused("AccessDenied", words("iam", "iam:GetRole", f"arn:aws:iam::{HUB}:role/reader")):
        made["iam"].get_role(RoleName="reader")
    with refused("AccessDeniedException", words("lambda", "lambda:GetAccountSettings")):
        made["lambda"].get_account_settings()
    with refused("AccessDeniedException", words("logs", "logs:DescribeLogGroups"), 400):
        made["logs"].describe_log_groups()
    with refused("AccessDenied", words("s3", "s3:CreateBucket", "arn:aws:s3:::bucket")):
        made["s3"].create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": REGION})
    with refused("403"):
        made["s3"].head_bucket(Bucket="bucket")


def test_calls_that_policies_allow_are_answered(endpoint: str) -> None:
    """A statement holds for its resources only, and a Deny wins."""
    ec2 = client(endpoint, "ec2", allow("ec2:DescribeVpcs"), name="bob")
    assert ec2.describe_vpcs()["Vpcs"]
    deny = {"Effect": "Deny", "Action": "ec2:DescribeVpcs", "Resource": "*"}
    denied = client(endpoint, "ec2", allow("ec2:*"), deny, name="eve")
    with refused("UnauthorizedOperation", "with an explicit deny in an identity-based policy"):
        denied.describe_vpcs()


def test_operations_without_known_permissions_fail(endpoint: str) -> None:
    """Nothing passes unchecked, even with all permissions."""
    sqs = client(endpoint, "sqs", allow("*"), name="dan")
    with pytest.raises(ClientError, match="500"):
        sqs.list_queues()


@pytest.mark.parametrize("missing", CREATION)
def test_cloudformation_creates_in_the_name_of_the_caller(endpoint: str, missing: str) -> None:
    """Without a permission of the handler the stack fails, with the handler's words."""
    granted = [action for action in CREATION if action != missing]
    statements = (
        allow("cloudformation:*", resource=STACK),
        allow(*granted, "sqs:DeleteQueue", resource=QUEUE, condition=THROUGH),
    )
    name = f"cat-{missing.partition(':')[2]}"
    cloudformation = client(endpoint, "cloudformation", *statements, name=name)
    change = {"StackName": "queues", "ChangeSetName": "first", "ChangeSetType": "CREATE", "TemplateBody": TEMPLATE}
    arn = cloudformation.create_change_set(**change)["Id"]
    cloudformation.execute_change_set(ChangeSetName=arn)
    events = cloudformation.describe_stack_events(StackName="queues")["StackEvents"]
    (failed,) = [each for each in events if each["ResourceStatus"] == "CREATE_FAILED"]
    assert failed["ResourceStatusReason"] == (
        f'Resource handler returned message: "User: arn:aws:iam::{HUB}:user/{name} is not authorized to perform: '
        f'{missing} on resource: {QUEUE} because no identity-based policy allows the {missing} action" '
        "(HandlerErrorCode: AccessDenied)"
    )
    cloudformation.delete_stack(StackName="queues")


def test_stack_of_a_caller_with_all_permissions(endpoint: str) -> None:
    """The statements hold through CloudFormation, and not for the user's own calls. Deletion needs its own."""
    statements = (allow("cloudformation:*", resource=STACK), allow(*CREATION, resource=QUEUE, condition=THROUGH))
    cloudformation = client(endpoint, "cloudformation", *statements, name="fay")
    change = {"StackName": "queues", "ChangeSetName": "first", "ChangeSetType": "CREATE", "TemplateBody": TEMPLATE}
    cloudformation.execute_change_set(ChangeSetName=cloudformation.create_change_set(**change)["Id"])
    (stack,) = cloudformation.describe_stacks(StackName="queues")["Stacks"]
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    sqs = client(endpoint, "sqs", *statements, name="gus")
    with refused("AccessDenied"):
        sqs.get_queue_url(QueueName="events")
    cloudformation.delete_stack(StackName="queues")
    (stack,) = cloudformation.describe_stacks(StackName="queues")["Stacks"]
    assert stack["StackStatus"] == "DELETE_FAILED"
