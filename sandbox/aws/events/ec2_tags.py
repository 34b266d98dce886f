"""Tags that only AWS services may set: refused to customers, and set here as Auto Scaling sets them.

A simulation: the emulator accepts any tag from anyone. "Tag your Amazon EC2 resources", Tag restrictions
(https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html#tag-restrictions).
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.responses._base_response import EC2BaseResponse
from moto.ec2.responses.tags import TagResponse

from sandbox.aws.bridge import replaced

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

# "Auto Scaling automatically tags instances": "Tag Auto Scaling groups and instances",
# https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-tagging.html
GROUP_TAG: Final = "aws:autoscaling:groupName"
_RESERVED: Final = "aws:"

# A request or a response of the emulator, which ships no types.
Moto = Any

_called_by_aws: ContextVar[bool] = ContextVar("called_by_aws", default=False)


@contextmanager
def called_by_aws() -> Iterator[None]:
    """Treat this thread's calls of EC2 as an AWS service's, not a customer's, while the context lasts."""
    token = _called_by_aws.set(True)
    try:
        yield
    finally:
        _called_by_aws.reset(token)


@contextmanager
def reserved_tags() -> Iterator[None]:
    """Refuse tags whose key begins with `aws:` from customers, both at creation and later.

    The check is in the requests and not in the emulator's backend, because the emulator's Auto Scaling and
    CloudFormation rightly set such tags through the backend.
    """
    at_creation = EC2BaseResponse._parse_tag_specification

    def parse(response: Moto, expected_type: str | None = None) -> dict[str, dict[str, str]]:
        tags: dict[str, dict[str, str]] = at_creation(response, expected_type)
        _refuse_reserved(key for of_type in tags.values() for key in of_type)
        return tags

    def checked(action: Callable[[Moto], Moto]) -> Callable[[Moto], Moto]:
        def tag(response: Moto) -> Moto:
            _refuse_reserved(tag["Key"] for tag in response._get_param("Tags", []))
            return action(response)

        return tag

    with (
        replaced(EC2BaseResponse, _parse_tag_specification=parse),
        replaced(
            TagResponse,
            create_tags=checked(TagResponse.create_tags),
            delete_tags=checked(TagResponse.delete_tags),
        ),
    ):
        yield


def _refuse_reserved(keys: Iterable[str]) -> None:
    # The prefix is reserved in upper and lower case.
    reserved = next((key for key in keys if key.lower().startswith(_RESERVED)), None)
    if reserved is not None and not _called_by_aws.get():
        message = (
            f"Value ( {reserved} ) for parameter key is invalid. "
            "Tag keys starting with 'aws:' are reserved for internal use"
        )
        raise EC2ClientError("InvalidParameterValue", message)
