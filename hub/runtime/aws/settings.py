"""The settings of the functions: the policy in the package, and what Lambda has in the environment."""

from __future__ import annotations

import json
import os
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from hub.runtime import contract
from hub.runtime.aws.sessions import MemberRoles
from hub.runtime.aws.spokes import StackSetSpokes, unlisted_spokes
from hub.runtime.guard import Guard, guard_of
from hub.runtime.installation import Names
from hub.runtime.model.owner import Owner
from hub.runtime.model.usage import Limits
from hub.runtime.policy import compiled
from hub.runtime.policy.zone_ids import decoded

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

    from hub.runtime.model.names import Fqdn
    from hub.runtime.names.dry_run import DryRun
    from hub.runtime.policy.decide import Policy

DEPLOY_BOTH: Final = "deploy the hub template and the package made from one configuration"


class Misdeployed(Exception):
    """The package and the hub template were made from different configurations."""


def value(name: str) -> str:
    """Return a setting of the hub stack from the function's environment.

    Raises:
        Misdeployed: if the environment does not have it.
    """
    if name not in os.environ:
        raise Misdeployed(f"the hub stack does not set {name}: {DEPLOY_BOTH}")
    return os.environ[name]


def names() -> Names:
    """Return the names of the installation's resources."""
    return Names(value(contract.ENV_INSTALLATION))


def owner() -> Owner:
    """Return the owner of the installation's records."""
    return Owner(value(contract.ENV_OWNER))


def account_of_role(name: str) -> str:
    """Return the account of the role whose ARN a setting has."""
    return value(name).split(":")[4]


@cache
def policy_text() -> str:
    """Return the compiled policy as JSON."""
    return files("hub.runtime").joinpath(contract.POLICY_FILE).read_text(encoding="utf-8")


@cache
def policy() -> Policy:
    """Return the policy."""
    return compiled.from_json(policy_text())


def zone_ids() -> dict[Fqdn, str]:
    """Return the ids of the policy's zones.

    Raises:
        Misdeployed: if some are missing, or another version wrote them. The invocation fails then, and every message is
            delivered again.
    """
    try:
        ids = decoded(value(contract.ENV_ZONE_IDS))
    except ValueError as unreadable:
        raise Misdeployed(f"{contract.ENV_ZONE_IDS} is {unreadable}: {DEPLOY_BOTH}") from unreadable
    missing = sorted(set(policy().domains) - set(ids))
    if missing:
        raise Misdeployed(
            f"the policy in the package has zones that the hub stack does not have: {', '.join(missing)}: {DEPLOY_BOTH}"
        )
    return ids


def dry_run() -> DryRun:
    """Return what of the policy is in dry run.

    Raises:
        Misdeployed: as `zone_ids` does.
    """
    return policy().dry_run(zone_ids())


def guard() -> Guard:
    """Return what a sweep or audit may remove without approval."""
    return guard_of(value(contract.ENV_GUARDS))


def policy_digest() -> str:
    """Return the digest that identifies the policy and the zones' ids."""
    return compiled.policy_digest(policy_text(), value(contract.ENV_ZONE_IDS))


def listed_spokes(client: CloudFormationClient) -> StackSetSpokes:
    """Return the list of spokes: those of StackSets, and those that the configuration names."""
    unlisted = unlisted_spokes(os.environ.get(contract.ENV_UNLISTED_SPOKES, ""))
    return StackSetSpokes(client, names(), included=bool(policy().coverage.included), unlisted=unlisted)


def member_roles() -> MemberRoles:
    """Return the roles in the covered accounts."""
    return MemberRoles(value(contract.ENV_MEMBER_ROLE_ARN), names())


def limits() -> Limits:
    """Return the limits of accounts and zones."""
    return Limits(**json.loads(value(contract.ENV_LIMITS)))


def objective_seconds() -> float:
    """Return the seconds within which most names should be published."""
    return float(value(contract.ENV_OBJECTIVE_SECONDS))
