"""Makes the emulator enforce quotas at a deployment, and read templates from its own S3 only.

`corrected_types` enforces those of single resources.
"""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlparse

from moto.cloudformation import responses
from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.responses import CloudFormationResponse
from moto.iam.models import ManagedPolicy
from moto.s3.models import s3_backends

from orgdns.config.partitions import dns_suffix
from sandbox.aws.bridge import replaced
from sandbox.aws.credentials import administrator_client
from sandbox.aws.partition import partition
from sandbox.aws.quotas.rules import MAX_BODY, QuotaExceeded, check_attached, check_body, check_object

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Where the sandbox's S3 is: its own server, and AWS's names of it.
_HERE: Final = ("127.0.0.1", "localhost")
_AWS: Final = (".amazonaws.com", ".amazonaws.com.cn", ".amazonaws.eu")
_ATTACH: Final = ManagedPolicy.attach_to
_BODIES: Final = (
    "create_stack",
    "update_stack",
    "create_change_set",
    "validate_template",
    "create_stack_set",
    "update_stack_set",
)


@contextmanager
def quotas_enforced() -> Iterator[None]:
    """Refuse what exceeds a quota while the context lasts."""
    with (
        replaced(responses, get_stack_from_s3_url=_template_at),
        replaced(
            CloudFormationResponse,
            **{name: _body_checked(getattr(CloudFormationResponse, name)) for name in _BODIES},
        ),
        replaced(ManagedPolicy, attach_to=_attach_to),
    ):
        yield


@contextmanager
def refusals_as_validation_errors() -> Iterator[None]:
    """Report what exceeds a quota as CloudFormation's own error, with the service's message."""
    try:
        yield
    except QuotaExceeded as refused:
        raise ValidationError(message=str(refused)) from refused


def _body_checked(method: Callable[..., Any]) -> Callable[..., Any]:
    def answer(self: CloudFormationResponse) -> Any:  # noqa: ANN401 - moto ships no types
        with refusals_as_validation_errors():
            check_body(self._get_param("TemplateBody") or "")
        return method(self)

    return answer


def _attach_to(policy: ManagedPolicy, target: Any) -> None:  # noqa: ANN401 - moto ships no types
    with refusals_as_validation_errors():
        check_attached([*{*target.managed_policies, policy.arn}])
    _ATTACH(policy, target)


def template_parameter(account: str, region: str, stack_name: str, text: str) -> dict[str, str]:
    """The parameter of a call with a template: as text, or in a bucket of the account if it is too large for that."""
    if len(text.encode()) <= MAX_BODY:
        return {"TemplateBody": text}
    s3, bucket = administrator_client("s3", account, region), f"templates-{account}-{region}"
    # S3 takes the name of every region but this one as a constraint.
    place = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    with suppress(s3.exceptions.BucketAlreadyOwnedByYou):
        s3.create_bucket(Bucket=bucket, **place)
    s3.put_object(Bucket=bucket, Key=stack_name, Body=text.encode())
    return {"TemplateURL": f"https://{bucket}.s3.{region}.{dns_suffix(partition())}/{stack_name}"}


def _template_at(url: str, account_id: str, partition: str) -> str:
    """The template in a bucket of the account, at a URL of S3 in path or virtual-hosted style.

    "TemplateURL ... must point to a template that's located in an Amazon S3 bucket" (API Reference, CreateStack,
    https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html).
    """
    parts = urlparse(url)
    host, path = parts.hostname or "", parts.path.lstrip("/")
    bucket, _, service = host.partition(".s3.")
    if host in _HERE or (host.startswith("s3.") and host.endswith(_AWS)):
        bucket, _, path = path.partition("/")
    elif not f".{service}".endswith(_AWS):
        raise ValidationError(message="TemplateURL must be a supported URL.")
    buckets = s3_backends[account_id][partition].buckets
    found = s3_backends[account_id][partition].get_object(bucket, path) if bucket in buckets else None
    if found is None:
        raise ValidationError(message="TemplateURL must reference a valid S3 object to which you have access.")
    text: str = found.value.decode()
    with refusals_as_validation_errors():
        check_object(text)
    return text
