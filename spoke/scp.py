"""The service control policy that protects the spokes from the administrators of their accounts. It is optional.

An SCP restricts every principal of a member account, including its root user, but neither the management account nor
service-linked roles ("Service control policies",
https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import awacs.account
import awacs.cloudformation
import awacs.events
import awacs.iam
import awacs.sqs
from awacs.aws import Action, ArnNotLike, Condition, Deny, Statement

from orgdns.cfn.event_patterns import spoke_events
from orgdns.cfn.trust import document

if TYPE_CHECKING:
    from collections.abc import Sequence

    from orgdns.config.load import Config

FILE: Final = "scp.json"
# Characters, with white space: only the console removes it ("Quotas for AWS Organizations",
# https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html).
MAX_SIZE: Final = 5_120
# The roles with which service-managed StackSets deploy. A service-linked role of each account makes them
# (AWS managed policy CloudFormationStackSetsOrgMemberServiceRolePolicy).
STACKSETS_ROLES: Final = "arn:*:iam::*:role/stacksets-exec-*"

_ROLE_CHANGES: Final = [
    awacs.iam.AttachRolePolicy,
    awacs.iam.CreateRole,
    awacs.iam.DeleteRole,
    awacs.iam.DeleteRolePermissionsBoundary,
    awacs.iam.DeleteRolePolicy,
    awacs.iam.DetachRolePolicy,
    awacs.iam.PassRole,
    awacs.iam.PutRolePermissionsBoundary,
    awacs.iam.PutRolePolicy,
    awacs.iam.TagRole,
    awacs.iam.UntagRole,
    awacs.iam.UpdateAssumeRolePolicy,
    awacs.iam.UpdateRole,
    awacs.iam.UpdateRoleDescription,
]
_RULE_CHANGES: Final = [
    awacs.events.DeleteRule,
    awacs.events.DisableRule,
    awacs.events.PutRule,
    awacs.events.PutTargets,
    awacs.events.RemoveTargets,
    awacs.events.TagResource,
    awacs.events.UntagResource,
]
_QUEUE_CHANGES: Final = [
    awacs.sqs.AddPermission,
    awacs.sqs.DeleteQueue,
    awacs.sqs.PurgeQueue,
    awacs.sqs.RemovePermission,
    awacs.sqs.SetQueueAttributes,
]
# A stack policy and termination protection bind StackSets, too: with them, a spoke stays as it is.
_STACK_CHANGES: Final = [
    awacs.cloudformation.CancelUpdateStack,
    awacs.cloudformation.ContinueUpdateRollback,
    awacs.cloudformation.CreateChangeSet,
    awacs.cloudformation.DeleteStack,
    awacs.cloudformation.ExecuteChangeSet,
    awacs.cloudformation.RollbackStack,
    awacs.cloudformation.SetStackPolicy,
    awacs.cloudformation.UpdateStack,
    awacs.cloudformation.UpdateTerminationProtection,
]


def scp_text(config: Config) -> str:
    """The service control policy as JSON: the same bytes for the same configuration."""
    path = config.resources.role_path
    names = config.names
    kept = (names.reader_role, names.vpc_role, f"{names.delivery_role_prefix}*")
    roles = [f"arn:*:iam::*:role{path}{name}" for name in kept]
    rules = [kind.spoke_rule(names) for kind in spoke_events(config)]
    stacks = [names.account_stack_set, names.region_stack_set]
    policy = document(
        Statement(Sid="KeepAccountNames", Effect=Deny, Action=[awacs.account.PutAccountName], Resource=["*"]),
        # Nobody may become the exception of the other statements.
        Statement(Sid="KeepStackSetsRoles", Effect=Deny, Action=_ROLE_CHANGES, Resource=[STACKSETS_ROLES]),
        _only_stack_sets("KeepRoles", _ROLE_CHANGES, roles),
        _only_stack_sets("KeepRules", _RULE_CHANGES, [f"arn:*:events:*:*:rule/{rule}" for rule in rules]),
        _only_stack_sets("KeepQueue", _QUEUE_CHANGES, [f"arn:*:sqs:*:*:{names.undelivered_queue}"]),
        _only_stack_sets(
            "KeepStacks",
            _STACK_CHANGES,
            [f"arn:*:cloudformation:*:*:stack/StackSet-{stack_set}-*" for stack_set in stacks],
        ),
    )
    return policy.to_json(indent=1) + "\n"


def _only_stack_sets(sid: str, actions: Sequence[Action], resources: list[str]) -> Statement:
    """Deny the actions on the resources to everybody except StackSets."""
    return Statement(
        Sid=sid,
        Effect=Deny,
        Action=list(actions),
        Resource=resources,
        Condition=Condition(ArnNotLike({"aws:PrincipalArn": STACKSETS_ROLES})),
    )
