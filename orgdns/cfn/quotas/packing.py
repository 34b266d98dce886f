"""Pack the grants of a role into its inline policy, and into managed policies if they are too many for it.

Grants that name many zones, units or accounts are split, because a statement cannot be larger than a policy. The same
configuration gives the same policies.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeVar

from troposphere import Ref, encode_to_dict
from troposphere.iam import ManagedPolicy, Policy, Role

from orgdns.cfn.quotas.limits import INLINE_POLICIES, MANAGED_POLICY
from orgdns.cfn.quotas.measures import size
from orgdns.cfn.trust import document

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from awacs.aws import Statement
    from troposphere import Template

_Item = TypeVar("_Item")

# Two such statements fit into a managed policy.
STATEMENT_SIZE: Final = 3_000


@dataclass(slots=True)
class _Policy:
    """A policy that has room for some characters."""

    limit: int
    statements: list[Statement] = field(default_factory=list)

    def takes(self, statement: Statement) -> bool:
        """Whether a further statement fits in."""
        return _size(document(*self.statements, statement)) <= self.limit


def add_role(template: Template, role: Role, policy_name: str, statements: Sequence[Statement]) -> Role:
    """Add a role with these grants: as many as fit in its inline policy, the others in managed policies."""
    inline, *managed = packed(statements)
    role.Policies = [Policy(PolicyName=policy_name, PolicyDocument=document(*inline))]
    template.add_resource(role)
    for number, group in enumerate(managed, start=1):
        template.add_resource(
            ManagedPolicy(
                f"{role.title.removesuffix('Role')}Policy{number}",
                Description=f"More grants of the role {role.RoleName}.",
                Roles=[Ref(role)],
                PolicyDocument=document(*group),
            )
        )
    return role


def packed(statements: Sequence[Statement]) -> list[list[Statement]]:
    """The statements of the inline policy, and then those of each managed policy.

    A statement that fits nowhere gets a policy of its own, which exceeds the quota.
    """
    policies = [_Policy(INLINE_POLICIES.limit)]
    for statement in statements:
        policy = next((policy for policy in policies if policy.takes(statement)), None)
        if policy is None:
            policy = _Policy(MANAGED_POLICY.limit)
            policies.append(policy)
        policy.statements.append(statement)
    return [policy.statements for policy in policies]


def split(
    items: Sequence[_Item],
    statement: Callable[[Sequence[_Item], str], Statement],
    apart: Callable[[_Item, _Item], bool] = lambda _one, _other: False,
) -> list[Statement]:
    """The grants for these items, in as few statements as have a limited size.

    Args:
        items: What the grants name: zones, units or accounts.
        statement: The grant for some of the items. Its second argument ends its Sid, which must be unique.
        apart: Whether two items may not be in one statement.
    """
    groups: list[list[_Item]] = []
    # A group that had no room once is not measured again: hundreds of items would be measured with each full group.
    full: set[int] = set()
    for item in items:
        for number, group in enumerate(groups):
            if number in full or any(apart(item, other) for other in group):
                continue
            if _size(statement([*group, item], "00")) <= STATEMENT_SIZE:
                group.append(item)
                break
            full.add(number)
        else:
            groups.append([item])
    return [statement(group, str(number) if number > 1 else "") for number, group in enumerate(groups, start=1)]


def _size(part: Any) -> int:  # noqa: ANN401 - awacs ships no types
    return size(encode_to_dict(part.JSONrepr()))
