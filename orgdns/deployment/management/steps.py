"""The steps in the management account: what the hub account and the Profile need, and the optional control policy.

Each step looks first, and does nothing that is done. "Register a delegated administrator"
(https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stacksets-orgs-delegated-admin.html).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from hub.runtime.model.vpcs import AssociationMethod
from orgdns.deployment.accounts import Kind
from orgdns.deployment.faults import DeploymentFault
from spoke.scp import scp_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from orgdns.config.load import Config
    from orgdns.deployment.accounts import Accounts

__all__ = ["PRINCIPAL", "Step", "missing_steps", "reverse_steps", "scp_text"]

PRINCIPAL: Final = "member.org.stacksets.cloudformation.amazonaws.com"
RAM: Final = "ram.amazonaws.com"
_POLICY_TYPE: Final = "SERVICE_CONTROL_POLICY"
_ENABLED: Final = "ENABLED"


@dataclass(frozen=True, slots=True)
class Step:
    """A step that is missing.

    Attributes:
        text: What it does.
        make: Does it.
    """

    text: str
    make: Callable[[], object]


def missing_steps(config: Config, accounts: Accounts, scp: str | None) -> tuple[Step, ...]:
    """The steps that a deployment needs and that nobody has done yet, in order.

    Args:
        config: The configuration.
        accounts: Clients of the accounts.
        scp: The text of the service control policy, or None to leave policies alone.

    Raises:
        DeploymentFault: if the organization has no service control policies.
    """
    return tuple(_missing(config, accounts, scp))


def _missing(config: Config, accounts: Accounts, scp: str | None) -> Iterator[Step]:
    stacks = accounts.client(Kind.MANAGEMENT, "cloudformation", config.hub.region)
    organizations = accounts.client(Kind.MANAGEMENT, "organizations", config.hub.region)
    if stacks.describe_organizations_access()["Status"] != _ENABLED:
        yield Step("enable trusted access of StackSets to the organization", stacks.activate_organizations_access)
    hub = config.hub.account
    if hub not in _administrators(organizations):
        yield Step(
            f"register the hub account {hub} as a delegated administrator of StackSets",
            lambda: organizations.register_delegated_administrator(AccountId=hub, ServicePrincipal=PRINCIPAL),
        )
    if config.zones_by(AssociationMethod.PROFILE) and RAM not in _services(organizations):
        ram = accounts.client(Kind.MANAGEMENT, "ram", config.hub.region)
        yield Step(
            "enable sharing with the organization in AWS RAM, for Route 53 Profiles",
            ram.enable_sharing_with_aws_organization,
        )
    if scp is not None:
        yield from _policy_steps(config, organizations, scp)


def _policy_steps(config: Config, organizations: Any, scp: str) -> Iterator[Step]:  # noqa: ANN401 - a client
    """Make the policy, or give it the content of this version, and attach it to the covered units."""
    (root,) = (root for page in _pages(organizations, "list_roots") for root in page["Roots"])
    if {"Type": _POLICY_TYPE, "Status": _ENABLED} not in root["PolicyTypes"]:
        raise DeploymentFault(
            "the organization does not use service control policies: enable them, or deploy without --scp: "
            f"aws organizations enable-policy-type --root-id {root['Id']} --policy-type {_POLICY_TYPE}"
        )
    name, units = config.names.service_control_policy, list(config.organization.units)
    policy_id = _policy_id(organizations, name)
    if policy_id is None:

        def make() -> None:
            made = organizations.create_policy(
                Name=name,
                Description="Protects the stacks of orgdns and the names of accounts.",
                Type=_POLICY_TYPE,
                Content=scp,
            )
            for unit in units:
                organizations.attach_policy(PolicyId=made["Policy"]["PolicySummary"]["Id"], TargetId=unit)

        yield Step(f"create the service control policy {name}, and attach it to {', '.join(units)}", make)
        return
    content = organizations.describe_policy(PolicyId=policy_id)["Policy"]["Content"]
    if json.loads(content) != json.loads(scp):
        yield Step(
            f"change the service control policy {name} to that of this version",
            lambda: organizations.update_policy(PolicyId=policy_id, Content=scp),
        )
    for unit in sorted(set(units) - _targets(organizations, policy_id)):
        yield Step(f"attach the service control policy {name} to {unit}", _attach(organizations, policy_id, unit))


def _attach(organizations: Any, policy_id: str, unit: str) -> Callable[[], object]:  # noqa: ANN401 - a client
    return lambda: organizations.attach_policy(PolicyId=policy_id, TargetId=unit)


def reverse_steps(config: Config, accounts: Accounts) -> tuple[Step, ...]:
    """The steps that undo those of a deployment. Trusted access and sharing stay: others may need them."""
    return tuple(_reverse(config, accounts))


def _reverse(config: Config, accounts: Accounts) -> Iterator[Step]:
    organizations = accounts.client(Kind.MANAGEMENT, "organizations", config.hub.region)
    name = config.names.service_control_policy
    if policy_id := _policy_id(organizations, name):
        targets = sorted(_targets(organizations, policy_id))

        def remove() -> None:
            for target in targets:
                organizations.detach_policy(PolicyId=policy_id, TargetId=target)
            organizations.delete_policy(PolicyId=policy_id)

        yield Step(f"detach and delete the service control policy {name}", remove)
    hub = config.hub.account
    if hub in _administrators(organizations):
        yield Step(
            f"deregister the hub account {hub} as a delegated administrator of StackSets, for whatever it deploys",
            lambda: organizations.deregister_delegated_administrator(AccountId=hub, ServicePrincipal=PRINCIPAL),
        )


def _administrators(organizations: Any) -> set[str]:  # noqa: ANN401 - a client
    pages = _pages(organizations, "list_delegated_administrators", ServicePrincipal=PRINCIPAL)
    return {each["Id"] for page in pages for each in page["DelegatedAdministrators"]}


def _services(organizations: Any) -> set[str]:  # noqa: ANN401 - a client
    pages = _pages(organizations, "list_aws_service_access_for_organization")
    return {each["ServicePrincipal"] for page in pages for each in page["EnabledServicePrincipals"]}


def _policy_id(organizations: Any, name: str) -> str | None:  # noqa: ANN401 - a client
    pages = _pages(organizations, "list_policies", Filter=_POLICY_TYPE)
    return next((each["Id"] for page in pages for each in page["Policies"] if each["Name"] == name), None)


def _targets(organizations: Any, policy_id: str) -> set[str]:  # noqa: ANN401 - a client
    pages = _pages(organizations, "list_targets_for_policy", PolicyId=policy_id)
    return {each["TargetId"] for page in pages for each in page["Targets"]}


def _pages(client: Any, operation: str, **arguments: str) -> Iterator[Any]:  # noqa: ANN401 - a client
    return iter(client.get_paginator(operation).paginate(**arguments))
