"""The spokes, as StackSets lists them: every account and region that has a stack instance of the rollout."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from hub.runtime import contract
from hub.runtime.aws.answers import NO_ANSWER
from hub.runtime.model.names import Spoke
from hub.runtime.ports import SpokesUnknown

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient


class StackSetSpokes:
    """The stack instances of the StackSet that is deployed to every account and region."""

    def __init__(self, client: CloudFormationClient) -> None:
        self._client = client

    def listed(self) -> frozenset[Spoke]:
        """Every spoke, whatever the state of its stack.

        Raises:
            SpokesUnknown: if the list is incomplete.
        """
        paginator = self._client.get_paginator("list_stack_instances")
        try:
            return frozenset(
                Spoke(instance["Account"], instance["Region"])
                for page in paginator.paginate(StackSetName=contract.REGION_STACK_SET, CallAs="DELEGATED_ADMIN")
                for instance in page["Summaries"]
            )
        except (ClientError, *NO_ANSWER) as error:
            raise SpokesUnknown(f"cannot list the stack instances of {contract.REGION_STACK_SET}: {error}") from error
