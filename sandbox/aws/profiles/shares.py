"""AWS RAM in the emulator, as far as Profiles are shared: which principals it accepts, and which accounts get access.

A simulation. moto keeps resource shares, but it does not know Profiles, finds organizational units only directly below
the root, looks them up in the sharing account's name, and lets everybody share with an organization. AWS would send a
principal outside of the organization an invitation; no invitation is accepted here.
"Working with shared Route 53 Profiles", https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/sharing-profiles.html
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from moto.core.exceptions import JsonRESTError
from moto.organizations.models import FakeRoot
from moto.ram.exceptions import OperationNotPermittedException, UnknownResourceException
from moto.ram.models import ResourceAccessManagerBackend, ResourceShare, ram_backends

from sandbox.aws.bridge import replaced
from sandbox.aws.organization import management_backend, member_accounts_below, organization_id
from sandbox.aws.partition import is_arn_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from moto.organizations.models import FakeOrganizationalUnit, OrganizationsBackend

    from sandbox.aws.profiles.model import Profile

RAM_PRINCIPAL: Final = "ram.amazonaws.com"
_ACCOUNT: Final = re.compile(r"\d{12}")
_PROFILE_ARN: Final = re.compile(r"arn:aws[a-z-]*:route53profiles:.+:profile/.+")


def is_shared(profile: Profile) -> bool:
    """Whether the owner of a Profile shares it with anybody."""
    return any(share.principals for share in _shares(profile))


def is_shared_with(profile: Profile, account: str) -> bool:
    """Whether a Profile is shared with an account: by its id, with its organization, or with a unit above it."""
    return any(
        _names(principal, account, profile.owner) for share in _shares(profile) for principal in share.principals
    )


@contextmanager
def profile_shares(find: Callable[[str], Profile | None]) -> Iterator[None]:
    """Make moto's AWS RAM share Profiles, looked up by `find`, while the context lasts."""
    add_resources = ResourceShare.add_resources

    def add_profiles(share: ResourceShare, resource_arns: list[str]) -> None:
        profiles = [arn for arn in resource_arns if _PROFILE_ARN.fullmatch(arn)]
        for arn in profiles:
            profile = find(arn)
            # "To share a Route 53 Profile, you must own it in your AWS account":
            # https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/sharing-profiles.html#sharing-prereqs
            if profile is None or (profile.owner, profile.region) != (share.account_id, share.region):
                raise UnknownResourceException(f"Resource {arn} could not be found.")
        add_resources(share, [arn for arn in resource_arns if arn not in profiles])
        share.resource_arns.extend(profiles)

    with (
        replaced(
            ResourceShare, add_resources=add_profiles, add_principals=_adds_principals(ResourceShare.add_principals)
        ),
        replaced(ResourceAccessManagerBackend, enable_sharing_with_aws_organization=_enable_sharing),
    ):
        yield


def _shares(profile: Profile) -> Iterator[ResourceShare]:
    for share in ram_backends[profile.owner][profile.region].resource_shares:
        if share.status == "ACTIVE" and profile.arn in share.resource_arns:
            yield share


def _names(principal: str, account: str, owner: str) -> bool:
    organization = management_backend(owner)
    if organization is None or organization.org.id != organization_id(account):
        return False
    if principal == account:
        return _sharing_is_enabled(organization)
    if principal == organization.org.arn:
        return True
    named = [unit.id for unit in _units(organization) if unit.arn == principal]
    return account in member_accounts_below(organization, named)


def _units(organization: OrganizationsBackend) -> list[FakeOrganizationalUnit]:
    """The units without the root, which cannot be a principal."""
    return [unit for unit in organization.ou if not isinstance(unit, FakeRoot)]


def _sharing_is_enabled(organization: OrganizationsBackend) -> bool:
    return any(service["ServicePrincipal"] == RAM_PRINCIPAL for service in organization.services)


def _enable_sharing(backend: ResourceAccessManagerBackend) -> dict[str, Any]:
    """Enable sharing within the organization; only the management account may.

    "Enable resource sharing within AWS Organizations",
    https://docs.aws.amazon.com/ram/latest/userguide/getting-started-sharing.html#getting-started-sharing-orgs
    """
    organization = backend.organizations_backend
    if not organization.org:
        raise OperationNotPermittedException
    organization.enable_aws_service_access(ServicePrincipal=RAM_PRINCIPAL)
    return {"returnValue": True}


def _adds_principals(method: Callable[..., None]) -> Callable[..., None]:
    def add_principals(share: ResourceShare, principals: list[str]) -> None:
        """Add principals. Only the caller's own organization is accepted, and only if sharing within it is enabled.

        "CreateResourceShare", https://docs.aws.amazon.com/ram/latest/APIReference/API_CreateResourceShare.html
        """
        organization = management_backend(share.account_id)
        within = {organization.org.arn, *(unit.arn for unit in _units(organization))} if organization else set()
        accounts = {account.id for account in organization.accounts} if organization else set()
        for principal in principals:
            if is_arn_of("organizations", principal):
                if principal not in within or not (organization and _sharing_is_enabled(organization)):
                    kind = "OrganizationalUnit" if ":ou/" in principal else "Organization"
                    raise UnknownResourceException(f"{kind} {principal.rpartition('/')[2]} could not be found.")
            elif not share.allow_external_principals and _ACCOUNT.fullmatch(principal) and principal not in accounts:
                raise JsonRESTError(
                    "OperationNotPermittedException",
                    f"The resource share does not allow {principal}, which is outside of the organization.",
                )
        method(share, [principal for principal in principals if principal not in within])
        share.principals.extend(principal for principal in principals if principal in within)

    return add_principals
