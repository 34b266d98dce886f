"""Creates an organization in the emulator, with the ids of a specification.

A simulation. moto draws random ids and answers only the management account; this bridge sets the specified ids, and
answers a delegated administrator as AWS documents in "Delegated administrator for AWS services that work with
Organizations" (https://docs.aws.amazon.com/organizations/latest/userguide/orgs_integrate_delegated_admin.html).
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.responses import CloudFormationResponse
from moto.core.responses import ActionResult
from moto.iam.models import iam_backends
from moto.organizations import utils
from moto.organizations.exceptions import OrganizationsClientError
from moto.organizations.models import (
    FakeDelegatedAdministrator,
    OrganizationsBackend,
    organizations_backends,
)

from orgdns.config.partitions import global_region
from sandbox.aws.bridge import replaced, replaced_values
from sandbox.aws.partition import partition

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

STACK_SETS_PRINCIPAL: Final = "member.org.stacksets.cloudformation.amazonaws.com"
_UNIT_ID: Final = re.compile(r"ou-([0-9a-z]{4,32})-[0-9a-z]{8,32}")
_ACCOUNT_ID: Final = re.compile(r"\d{12}")
_ORGANIZATION_ID: Final = re.compile(r"o-[0-9a-z]{10,32}")

# The operations used here that a delegated administrator may call like the management account: "You can call this
# operation only from the management account or a member account that is a delegated administrator", for example
# https://docs.aws.amazon.com/organizations/latest/APIReference/API_DescribeAccount.html.
_DELEGATED: Final = (
    "describe_account",
    "describe_organizational_unit",
    "list_accounts",
    "list_accounts_for_parent",
    "list_children",
    "list_delegated_administrators",
    "list_organizational_units_for_parent",
    "list_parents",
    "list_roots",
)
# "The maximum number of results" of one page: https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListAccounts.html
_ACCOUNTS_A_PAGE: Final = 20


@dataclass(frozen=True, slots=True)
class AccountSpec:
    """A member account."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class UnitSpec:
    """An organizational unit, directly below the root or below a parent that is listed before it."""

    id: str
    name: str
    parent: str | None = None
    accounts: tuple[AccountSpec, ...] = ()


@dataclass(frozen=True, slots=True)
class OrganizationSpec:
    """An organization. Its management account is in the root itself.

    Attributes:
        id: The organization's id.
        management_account: The management account.
        units: The units, each after its parent.
        management_name: The management account's name.
        service_control_policies: The texts of the policies that are attached to the root.
        managed_policies: The names and texts of IAM policies that every account has, for example as boundaries.
    """

    id: str
    management_account: str
    units: tuple[UnitSpec, ...]
    management_name: str = "management"
    service_control_policies: tuple[str, ...] = ()
    managed_policies: tuple[tuple[str, str], ...] = ()

    @property
    def root_id(self) -> str:
        """The root's id. Its random part is in the id of every unit."""
        roots = {match[1] for unit in self.units if (match := _UNIT_ID.fullmatch(unit.id))}
        return f"r-{roots.pop()}"

    def __post_init__(self) -> None:
        accounts = [self.management_account, *(account.id for unit in self.units for account in unit.accounts)]
        matches = [_UNIT_ID.fullmatch(unit.id) for unit in self.units]
        if not _ORGANIZATION_ID.fullmatch(self.id):
            raise ValueError(f"not an organization id: {self.id}")
        if not all(matches) or len({match[1] for match in matches if match}) != 1:
            raise ValueError("every unit id must be ou-<root>-<unit>, with the same root")
        if not all(map(_ACCOUNT_ID.fullmatch, accounts)) or len(set(accounts)) != len(accounts):
            raise ValueError("account ids must be 12 digits, each used once")


@dataclass(frozen=True, slots=True)
class Organization:
    """An organization in the emulator."""

    id: str
    root_id: str
    management_account: str

    @property
    def backend(self) -> OrganizationsBackend:
        """The management account's backend, where moto keeps the organization."""
        return organizations_backends[self.management_account][partition()]

    @property
    def account_ids(self) -> tuple[str, ...]:
        """The ids of all accounts, including the management account."""
        return tuple(sorted(account.id for account in self.backend.accounts))

    def add_account(self, unit: str, account: AccountSpec) -> None:
        """Create an account and move it into a unit. In AWS, too, new accounts start in the root."""
        with replaced(utils, make_random_account_id=lambda: account.id):
            self.backend.create_account(AccountName=account.name, Email=f"{account.id}@example.com")
        self.move_account(account.id, unit)

    def move_account(self, account: str, unit: str) -> None:
        """Move an account into another unit, or into the root."""
        source = self.backend.get_account_by_id(account).parent_id
        self.backend.move_account(AccountId=account, SourceParentId=source, DestinationParentId=unit)

    def remove_account(self, account: str) -> None:
        """Remove an account from the organization."""
        self.backend.remove_account_from_organization(AccountId=account)

    def register_stack_sets_administrator(self, account: str) -> None:
        """Enable trusted access for StackSets, and make a member account its delegated administrator."""
        self.backend.enable_aws_service_access(ServicePrincipal=STACK_SETS_PRINCIPAL)
        self.backend.register_delegated_administrator(AccountId=account, ServicePrincipal=STACK_SETS_PRINCIPAL)


def build_organization(spec: OrganizationSpec) -> Organization:
    """Create an organization with the ids of its specification; `organization_bridges` must be in force."""
    backend = organizations_backends[spec.management_account][partition()]
    with replaced(
        utils,
        make_random_org_id=lambda: spec.id,
        make_random_root_id=lambda: spec.root_id,
        make_random_account_id=lambda: spec.management_account,
    ):
        backend.create_organization(region=global_region(partition()), FeatureSet="ALL")
    backend.get_account_by_id(spec.management_account).name = spec.management_name
    organization = Organization(spec.id, spec.root_id, spec.management_account)
    for unit in spec.units:
        parent = backend.validate_parent_id(unit.parent or spec.root_id)
        with replaced(utils, make_random_ou_id=lambda _root, unit_id=unit.id: unit_id):
            backend.create_organizational_unit(Name=unit.name, ParentId=parent)
        for account in unit.accounts:
            organization.add_account(unit.id, account)
    for number, text in enumerate(spec.service_control_policies, 1):
        made = backend.create_policy(
            Name=f"demands-{number}", Description="", Content=text, Type="SERVICE_CONTROL_POLICY"
        )["Policy"]["PolicySummary"]
        backend.attach_policy(PolicyId=made["Id"], TargetId=spec.root_id)
    for account_id in organization.account_ids:
        for name, text in spec.managed_policies:
            iam_backends[account_id][partition()].create_policy("", "/", text, name, [])
    return organization


def management_backend(account: str) -> OrganizationsBackend | None:
    """The backend that holds an account's organization, or None if the account belongs to none."""
    own = organizations_backends[account][partition()]
    if own.org:
        return own
    if account not in organizations_backends.master_accounts:
        return None
    management, of_partition = organizations_backends.master_accounts[account]
    backend = organizations_backends[management][of_partition]
    # moto keeps memberships from one simulation to the next.
    return backend if any(member.id == account for member in backend.accounts) else None


def organization_id(account: str) -> str | None:
    """The value of aws:PrincipalOrgID for principals of this account; None if it belongs to no organization."""
    backend = management_backend(account)
    return backend.org.id if backend else None


def organization_context(account: str, side: str) -> dict[str, str | tuple[str, ...]]:
    """aws:PrincipalOrgID and aws:PrincipalOrgPaths, or for the side "Resource" their counterparts, of an account.

    "AWS global condition context keys"
    (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html): both are absent outside
    an organization. The paths are a key with several values, and end with a slash.
    """
    backend = management_backend(account)
    if backend is None:
        return {}
    return {f"aws:{side}OrgID": backend.org.id, f"aws:{side}OrgPaths": (_path(backend, account),)}


def _path(backend: OrganizationsBackend, account: str) -> str:
    """The path of the unit that contains an account: `o-.../r-.../ou-.../`."""
    parents = {unit.id: unit.parent_id for unit in backend.ou}
    path: list[str] = []
    unit = backend.get_account_by_id(account).parent_id
    while unit is not None:
        path.insert(0, unit)
        unit = parents[unit]
    return "/".join([backend.org.id, *path, ""])


def member_accounts_below(backend: OrganizationsBackend, units: Collection[str]) -> tuple[str, ...]:
    """The accounts in these units and all units below, including suspended ones, without the management account."""
    wanted = set(units)
    # moto lists units in order of creation, and a parent may come after its child: repeat until none is added.
    while grown := {unit.id for unit in backend.ou if unit.parent_id in wanted} - wanted:
        wanted |= grown
    members = (account.id for account in backend.accounts if account.parent_id in wanted)
    return tuple(sorted(member for member in members if member != backend.account_id))


@contextmanager
def organization_bridges() -> Iterator[None]:
    """Answer delegated administrators, give accounts their Paths, and register StackSets' service principal."""
    supported = [*FakeDelegatedAdministrator.SUPPORTED_SERVICES, STACK_SETS_PRINCIPAL]
    accounts = utils.PAGINATION_MODEL["list_accounts"]
    methods = {name: getattr(OrganizationsBackend, name) for name in _DELEGATED}
    methods["describe_account"] = _with_paths(methods["describe_account"])
    with (
        replaced(FakeDelegatedAdministrator, SUPPORTED_SERVICES=supported),
        # Accounts created in the same instant share a JoinedTimestamp, by which moto would page.
        replaced_values(accounts, unique_attribute="Id", limit_default=_ACCOUNTS_A_PAGE),
        replaced(OrganizationsBackend, **{name: _delegated(method) for name, method in methods.items()}),
        replaced(CloudFormationResponse, describe_organizations_access=_organizations_access),
    ):
        yield


def _organizations_access(response: Any) -> ActionResult:  # noqa: ANN401 - moto's own types
    """Whether StackSets has trusted access: for the management account, or for a delegated administrator that says so.

    "DescribeOrganizationsAccess"
    (https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeOrganizationsAccess.html).
    """
    account = response.current_account
    backend = management_backend(account)
    delegated = response._get_param("CallAs") == "DELEGATED_ADMIN"
    administrators = {admin.account.id for admin in backend.admins} if backend else set()
    if backend is None or account not in (administrators if delegated else {backend.account_id}):
        raise ValidationError(message="Account used is not a delegated administrator")
    trusted = any(service["ServicePrincipal"] == STACK_SETS_PRINCIPAL for service in backend.services)
    return ActionResult({"Status": "ENABLED" if trusted else "DISABLED"})


def _delegated(method: Callable[..., Any]) -> Callable[..., Any]:
    """The method, answered from the management account's backend for a delegated administrator."""

    def call(self: OrganizationsBackend, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - moto's own types
        backend = management_backend(self.account_id)
        if backend is None:
            raise OrganizationsClientError(
                "AWSOrganizationsNotInUseException", "Your account is not a member of an organization."
            )
        if backend is not self and all(admin.account.id != self.account_id for admin in backend.admins):
            raise OrganizationsClientError(
                "AccessDeniedException", "You don't have permissions to access this resource."
            )
        return method(backend, *args, **kwargs)

    return call


def _with_paths(method: Callable[..., Any]) -> Callable[..., Any]:
    """DescribeAccount with the account's Paths, from the organization down to the account itself.

    "Account" (https://docs.aws.amazon.com/organizations/latest/APIReference/API_Account.html).
    """

    def describe(self: OrganizationsBackend, **kwargs: Any) -> dict[str, Any]:  # noqa: ANN401 - moto's own types
        answer: dict[str, Any] = method(self, **kwargs)
        account = kwargs["AccountId"]
        answer["Account"]["Paths"] = [f"{_path(self, account)}{account}/"]
        return answer

    return describe
