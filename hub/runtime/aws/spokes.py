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
    """The stack instances of the StackSets that are deployed to every account and region.

    Accounts that are included by name have a StackSet of their own. It does not exist if they are the management
    account alone, to which StackSets do not deploy.
    """

    def __init__(self, client: CloudFormationClient, *, included: bool = False) -> None:
        self._client = client
        self._included = included

    def listed(self) -> frozenset[Spoke]:
        """Every spoke, whatever the state of its stack.

        Raises:
            SpokesUnknown: if the list is incomplete.
        """
        spokes = self._of(contract.REGION_STACK_SET)
        return spokes | self._of(contract.INCLUDED_REGION_STACK_SET) if self._included else spokes

    def _of(self, stack_set: str) -> frozenset[Spoke]:
        paginator = self._client.get_paginator("list_stack_instances")
        try:
            return frozenset(
                Spoke(instance["Account"], instance["Region"])
                for page in paginator.paginate(StackSetName=stack_set, CallAs="DELEGATED_ADMIN")
                for instance in page["Summaries"]
            )
        except (ClientError, *NO_ANSWER) as error:
            if stack_set == contract.INCLUDED_REGION_STACK_SET and _is_missing(error):
                return frozenset()
            raise SpokesUnknown(f"cannot list the stack instances of {stack_set}: {error}") from error


def _is_missing(error: Exception) -> bool:
    return isinstance(error, ClientError) and error.response["Error"]["Code"] == "StackSetNotFoundException"
