"""What `orgdns deploy --management` and `orgdns destroy --management` need in the management account. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hub.runtime.model.vpcs import AssociationMethod
from orgdns.deployment.management.steps import PRINCIPAL, RAM
from orgdns.deployment.permissions.calls import STACKS, Arns
from orgdns.deployment.permissions.resources import resource_statements
from orgdns.deployment.permissions.statements import Statement, allow

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from orgdns.config.load import Config

_SCP: Final = "SERVICE_CONTROL_POLICY"
_POLICY_TYPE: Final = {"StringEquals": {"organizations:PolicyType": _SCP}}


def management_statements(config: Config) -> Iterator[Statement]:
    """Trusted access, the delegated administrator, and sharing for Profiles, but no policies.

    Enabling trusted access makes service-linked roles in the caller's name ("Service-linked roles created when you
    enable integration",
    https://docs.aws.amazon.com/organizations/latest/userguide/services-that-can-integrate-cloudformation.html).
    """
    shares = bool(config.zones_by(AssociationMethod.PROFILE))
    account = config.organization.management_account
    hub = _organizations(config, f"account/{config.organization.id}/{config.hub.account}")
    yield allow(
        "TrustedAccess",
        "cloudformation:ActivateOrganizationsAccess DescribeOrganizationsAccess"
        + (
            " organizations:DescribeOrganization organizations:ListAWSServiceAccessForOrganization "
            "ram:EnableSharingWithAwsOrganization"
            if shares
            else ""
        ),
        ["*"],
    )
    principals = [PRINCIPAL, *([RAM] if shares else [])]
    yield allow(
        "TrustServices",
        "organizations:EnableAWSServiceAccess",
        ["*"],
        {"StringEquals": {"organizations:ServicePrincipal": principals}},
    )
    roles = {
        "stacksets.cloudformation.amazonaws.com": "CloudFormationStackSetsOrgAdmin",
        **({RAM: "ResourceAccessManager"} if shares else {}),
    }
    yield allow(
        "RolesOfServices",
        "iam:CreateServiceLinkedRole",
        [
            f"arn:{config.partition}:iam::{account}:role/aws-service-role/{service}/AWSServiceRoleFor{name}"
            for service, name in roles.items()
        ],
        {"StringEquals": {"iam:AWSServiceName": sorted(roles)}},
    )
    of_stack_sets = {"StringEquals": {"organizations:ServicePrincipal": PRINCIPAL}}
    yield allow("Administrators", "organizations:ListDelegatedAdministrators", ["*"], of_stack_sets)
    yield allow(
        "AdministratorOfStackSets",
        "organizations:DeregisterDelegatedAdministrator RegisterDelegatedAdministrator",
        [hub],
        of_stack_sets,
    )
    # `destroy --management` removes the policy that an earlier `--scp` attached.
    yield allow("Policies", "organizations:ListPolicies", ["*"], _POLICY_TYPE)


def spoke_statements(config: Config, bodies: Mapping[str, str]) -> Iterator[Statement]:
    """The spoke stacks for the account's own instances, and their resources; none if the account is not included."""
    if not config.organization.includes_management:
        return
    account, names = config.organization.management_account, config.names
    arns, regions = Arns(config, account), [spoke.region for spoke in config.unlisted_spokes]
    places = [(names.spoke_account_stack, config.hub.region), *((names.spoke_region_stack, each) for each in regions)]
    yield allow("Stacks", STACKS, [arns.of("cloudformation", f"stack/{name}/*", region) for name, region in places])
    stacks = [(bodies["spoke-account"], config.hub.region), *((bodies["spoke-region"], each) for each in regions)]
    yield from resource_statements(config, account, stacks)


def policy_statements(config: Config) -> Iterator[Statement]:
    """The service control policy of `--scp`, in addition. The id of a policy is not known before."""
    organization = config.organization.id
    policies = _organizations(config, f"policy/{organization}/service_control_policy/*")
    targets = [
        _organizations(config, f"{'root' if unit.startswith('r-') else 'ou'}/{organization}/{unit}")
        for unit in config.organization.units
    ]
    yield allow("Roots", "organizations:ListRoots", ["*"])
    yield allow("NewPolicy", "organizations:CreatePolicy", ["*"], _POLICY_TYPE)
    yield allow(
        "Policy",
        "organizations:DeletePolicy DescribePolicy ListTargetsForPolicy UpdatePolicy",
        [policies],
        _POLICY_TYPE,
    )
    yield allow("Attachments", "organizations:AttachPolicy DetachPolicy", [policies, *targets], _POLICY_TYPE)


def _organizations(config: Config, resource: str) -> str:
    return f"arn:{config.partition}:organizations::{config.organization.management_account}:{resource}"
