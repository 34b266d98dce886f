"""Which other installations have the same owner, and so the same records.

The networking account has a writer role of each installation that writes to its zones, and the role's description names
the owner. IAM is global: an installation in a region that is lost is found, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from hub.runtime.installation import DEFAULT_NAMES
from network.account import owner_of_writer
from orgdns.deployment.accounts import Kind
from orgdns.deployment.faults import DeploymentFault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orgdns.config.load import Config
    from orgdns.deployment.accounts import Accounts

_WRITER: Final = DEFAULT_NAMES.within(DEFAULT_NAMES.writer_role)


def check_owner(config: Config, accounts: Accounts) -> None:
    """Check that no other installation has this owner.

    Raises:
        DeploymentFault: if one has, or if the roles cannot be listed.
    """
    try:
        others = sorted(_others(config, accounts))
    except ClientError as error:
        raise DeploymentFault(
            "it is not known whether another installation has these records and associations: let the credentials of "
            f"the networking account {config.network.account} call iam:ListRoles. AWS says: {error}"
        ) from error
    if others:
        raise DeploymentFault(
            *(
                f"the installation {role.removesuffix(f'-{_WRITER}')} has the owner {config.owner}, too, and so the "
                "same records: remove this one without --records and --associations. If it is the other one that is to "
                f"go, remove that first; if nothing but its role {role} is left of it in the networking account "
                f"{config.network.account}, delete the role"
                for role in others
            )
        )


def _others(config: Config, accounts: Accounts) -> Iterator[str]:
    client = accounts.client(Kind.NETWORK, "iam", config.hub.region)
    for page in client.get_paginator("list_roles").paginate():
        for role in page["Roles"]:
            name = role["RoleName"]
            is_writer = name.endswith(f"-{_WRITER}") and name != config.names.writer_role
            if is_writer and owner_of_writer(role.get("Description", "")) == config.owner:
                yield name
