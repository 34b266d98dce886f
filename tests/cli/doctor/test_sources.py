"""Facts that AWS does not give: what is denied, what fails, and what does not exist."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from botocore.parsers import ResponseParserError

from hub.runtime.installation import DEFAULT_NAMES as NAMES
from hub.runtime.ports import LedgerUnavailable
from orgdns.cli.reports.doctor.facts import Bucket, Bus, Function, Queue, Rule, Schedule, Stack, Table
from orgdns.cli.reports.doctor.finding import Unknown
from orgdns.cli.reports.ledger_stream import LedgerTable
from orgdns.cli.sources.doctor import account, deployment, history, ledger, routing
from orgdns.cli.sources.doctor.deployment import Live
from orgdns.cli.sources.doctor.reading import read


def error(code: str, status: int = 400, operation: str = "GetQueueUrl") -> ClientError:
    metadata: Any = {"HTTPStatusCode": status}
    return ClientError({"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": metadata}, operation)


class Refusing:
    """Stands for a client of any service: each call has the same error."""

    def __init__(self, code: str, status: int = 400) -> None:
        self.error = error(code, status)

    def __getattr__(self, _name: str) -> Callable[..., Any]:
        def call(**_parameters: object) -> Any:  # noqa: ANN401 - the answer of any operation
            raise self.error

        return call


def raising(fault: Exception) -> Callable[[], None]:
    def call() -> None:
        raise fault

    return call


@pytest.mark.parametrize(
    ("code", "status"),
    [("AccessDenied", 403), ("AccessDeniedException", 400), ("UnauthorizedOperation", 403), ("x", 403)],
)
def test_missing_permission_is_named(code: str, status: int) -> None:
    """It is that of the call which was denied, if several are needed; also where the ledger reports it."""
    denied = error(code, status)
    wanted = Unknown("the credentials may not call sqs:GetQueueUrl")
    assert read("sqs:GetQueueUrl and sqs:GetQueueAttributes", raising(denied)) == wanted
    unavailable = LedgerUnavailable("no")
    unavailable.__cause__ = denied
    assert read("sqs:GetQueueUrl", raising(unavailable)) == wanted


def test_permission_has_its_own_name() -> None:
    """Some permissions of S3 are not called as their operations are."""
    denied = error("AccessDenied", 403, "GetPublicAccessBlock")
    assert read("s3:x", raising(denied)) == Unknown("the credentials may not call s3:GetBucketPublicAccessBlock")


class OpenBucket:
    """A client of S3 whose bucket has neither a block nor an encryption, or what the configurations say."""

    def __init__(self, *blocked: str, key: str | None = None) -> None:
        self.blocked, self.key = blocked, key

    def get_public_access_block(self, **_parameters: object) -> dict[str, Any]:
        if not self.blocked:
            raise error("NoSuchPublicAccessBlockConfiguration", 404)
        return {"PublicAccessBlockConfiguration": dict.fromkeys(self.blocked, True)}

    def get_bucket_encryption(self, **_parameters: object) -> dict[str, Any]:
        if self.key is None:
            raise error("ServerSideEncryptionConfigurationNotFoundError", 404)
        applied = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": self.key}
        return {"ServerSideEncryptionConfiguration": {"Rules": [{"ApplyServerSideEncryptionByDefault": applied}]}}


def test_settings_of_the_bucket() -> None:
    """A bucket is private only if all four kinds of public access are blocked."""
    every = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    bare: Any = OpenBucket()
    assert history.bucket(bare, "b", "1") == Bucket("b", exists=True)
    half: Any = OpenBucket(*every[:3], key="k")
    assert history.bucket(half, "b", "1") == Bucket("b", exists=True, encrypted=True, key="k")
    whole: Any = OpenBucket(*every, key="k")
    assert history.bucket(whole, "b", "1") == Bucket("b", exists=True, encrypted=True, private=True, key="k")


@pytest.mark.parametrize(
    "fault",
    [
        error("ThrottlingException"),
        EndpointConnectionError(endpoint_url="https://x"),
        ResponseParserError("not XML"),
        LedgerUnavailable("DynamoDB left rows unread"),
    ],
    ids=lambda fault: type(fault).__name__,
)
def test_failed_call_is_told(fault: Exception) -> None:
    """The reason has AWS's words."""
    found = read("sqs:GetQueueUrl", raising(fault))
    assert found == Unknown(f"sqs:GetQueueUrl failed: {fault}")


def test_fault_of_orgdns_is_no_fact() -> None:
    """An error of the code itself is not hidden as something that could not be checked."""
    with pytest.raises(KeyError):
        read("x:Y", raising(KeyError("x")))


def test_what_does_not_exist_is_a_fact() -> None:
    """AWS's error for it is no failure of the check."""
    missing: Any = Refusing("ResourceNotFoundException")
    assert deployment.live(missing, "f") == Live(Function("f"))
    assert ledger.table(missing, "t") == (Table("t", ""), LedgerTable("t", ""))
    assert routing.bus(missing, NAMES) == Bus(exists=False)
    assert routing.rules(missing, ["r"], NAMES) == (Rule("r", ""),)
    assert routing.schedules(missing, ["s"], NAMES) == (Schedule("s", ""),)
    no_bucket: Any = Refusing("NoSuchBucket")
    assert history.bucket(no_bucket, "b", "1") == Bucket("b", exists=False)
    no_queue: Any = Refusing("AWS.SimpleQueueService.NonExistentQueue")
    assert routing.queues(no_queue, ["q"]) == (Queue("q", exists=False),)
    no_stack: Any = Refusing("ValidationError")
    assert deployment.stack(no_stack, "s") == Stack("s", "")
    no_role: Any = Refusing("NoSuchEntity")
    assert account.has_hub_role(no_role, NAMES) is False


def test_every_other_error_is_raised() -> None:
    """Nothing counts as missing because AWS did not say."""
    denied: Any = Refusing("AccessDeniedException")
    for look in (
        lambda: deployment.live(denied, NAMES.observer_function),
        lambda: deployment.stack(denied, "s"),
        lambda: history.bucket(denied, "b", "1"),
        lambda: ledger.table(denied, "t"),
        lambda: routing.bus(denied, NAMES),
        lambda: routing.rules(denied, ["r"], NAMES),
        lambda: routing.schedules(denied, ["s"], NAMES),
        lambda: routing.queues(denied, ["q"]),
        lambda: account.has_hub_role(denied, NAMES),
    ):
        with pytest.raises(ClientError):
            look()


def test_clock_is_compared_with_the_answer() -> None:
    """The date of an answer has whole seconds. Without one, the clock cannot be checked."""
    answer: Any = {"ResponseMetadata": {"HTTPHeaders": {"date": "Mon, 02 Nov 2026 10:00:00 GMT"}}}
    assert account.skew(answer, lambda: 1_793_613_600 + 90.5) == 90.5
    answer["ResponseMetadata"]["HTTPHeaders"]["date"] = "soon"
    assert isinstance(account.skew(answer, lambda: 0.0), Unknown)
