"""The spokes: every account and region that has a stack instance of the rollout, as StackSets lists them.

StackSets never deploys to the management account ("Create StackSets with service-managed permissions",
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stacksets-orgs-associate-stackset-with-org.html). The
configuration says whether it has spokes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from hub.runtime.aws.answers import NO_ANSWER, AnswerMalformed, required, text, text_in
from hub.runtime.boundary.unreadable import Unreadable, readable
from hub.runtime.model.names import Spoke
from hub.runtime.ports import SpokesUnknown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_cloudformation import CloudFormationClient

    from hub.runtime.installation import Names


# Without the second permission, AWS answers that the account is not a delegated administrator.
_NEEDED: Final = (
    "needs cloudformation:ListStackInstances and organizations:ListDelegatedAdministrators, and the hub account must "
    "be a delegated administrator of StackSets"
)
_ACCOUNT: Final = re.compile(r"[0-9]{12}")
_REGION: Final = re.compile(r"[a-z0-9-]{1,32}")


class StackSetSpokes:
    """The stack instances of the StackSets that are deployed to every account and region.

    Accounts that are included by name have a StackSet of their own. It does not exist if they are the management
    account alone, to which StackSets do not deploy. `unlisted` are the spokes that no StackSet lists. They come from
    the configuration alone: what an account deploys for itself proves nothing.
    """

    def __init__(
        self,
        client: CloudFormationClient,
        names: Names,
        *,
        included: bool = False,
        unlisted: frozenset[Spoke] = frozenset(),
    ) -> None:
        self._client = client
        self._names = names
        self._included = included
        self._unlisted = unlisted

    def listed(self) -> frozenset[Spoke | Unreadable]:
        """Every spoke, whatever the state of its stack, and the stack instances that cannot be read.

        Raises:
            SpokesUnknown: if the list is incomplete.
        """
        spokes = self._of(self._names.region_stack_set) | self._unlisted
        return spokes | self._of(self._names.included_region_stack_set) if self._included else spokes

    def _of(self, stack_set: str) -> frozenset[Spoke | Unreadable]:
        paginator = self._client.get_paginator("list_stack_instances")
        try:
            pages = list(paginator.paginate(StackSetName=stack_set, CallAs="DELEGATED_ADMIN"))
        except (ClientError, *NO_ANSWER) as error:
            if stack_set == self._names.included_region_stack_set and _is_missing(error):
                return frozenset()
            needed = f"the role {self._names.sweeper_role} {_NEEDED}"
            raise SpokesUnknown(f"cannot list the stack instances of {stack_set}: {needed}: {error}") from error
        found: set[Spoke | Unreadable] = set()
        for page in pages:
            summaries = readable(lambda each: list(required(each, "Summaries")), page, stack_set)
            if isinstance(summaries, Unreadable):
                raise SpokesUnknown(f"cannot read the stack instances: {summaries}")
            found |= {readable(spoke_of, each, _identity(each)) for each in summaries}
        return frozenset(found)


def spoke_of(summary: Mapping[str, Any]) -> Spoke:
    """The spoke of a stack instance, as ListStackInstances returns it."""
    account, region = text(summary, "Account"), text(summary, "Region")
    if not (_ACCOUNT.fullmatch(account) and _REGION.fullmatch(region)):
        raise AnswerMalformed(f"{account!r} and {region!r} are not an account and a region")
    return Spoke(account, region)


def unlisted_spokes(text: str) -> frozenset[Spoke]:
    """The spokes that the environment variable `ORGDNS_UNLISTED_SPOKES` names; none if it is empty."""
    return frozenset(Spoke(*each.split("/")) for each in text.split(",") if each)


def _identity(summary: object) -> str:
    """What is known of a stack instance that cannot be read."""
    return "/".join(filter(None, (text_in(summary, name) for name in ("Account", "Region", "StackId"))))


def _is_missing(error: Exception) -> bool:
    return isinstance(error, ClientError) and error.response["Error"]["Code"] == "StackSetNotFoundException"
