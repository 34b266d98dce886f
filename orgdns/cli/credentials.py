"""What `deploy` and `destroy` share: whose credentials reach the accounts, and what is shown."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from orgdns.cli.render.deployment import show_event
from orgdns.cli.terminal import given_reason, screen
from orgdns.deployment.accounts import Choices, Kind
from orgdns.deployment.faults import DeploymentFault

if TYPE_CHECKING:
    from collections.abc import Callable

    from orgdns.deployment.accounts import Accounts
    from orgdns.deployment.cloudformation.progress import Event

HubProfile = Annotated[
    str | None,
    typer.Option(metavar="NAME", envvar="ORGDNS_HUB_PROFILE", help="The AWS profile of the hub account."),
]
NetworkProfile = Annotated[
    str | None,
    typer.Option(metavar="NAME", envvar="ORGDNS_NETWORK_PROFILE", help="The AWS profile of the networking account."),
]
ManagementProfile = Annotated[
    str | None,
    typer.Option(metavar="NAME", envvar="ORGDNS_MANAGEMENT_PROFILE", help="The AWS profile of the management account."),
]
Role = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        envvar="ORGDNS_ROLE",
        help="The role to assume in each account that the current credentials are not of. Default: deployment.role.",
    ),
]


def choices(
    hub: str | None = None, network: str | None = None, management: str | None = None, role: str | None = None
) -> Choices:
    """What the options say."""
    profiles = {Kind.HUB: hub, Kind.NETWORK: network, Kind.MANAGEMENT: management}
    return Choices({kind: profile for kind, profile in profiles.items() if profile}, role)


def reason_given(reason: str | None, *, management: bool) -> str:
    """The reason that a person gives; empty without one.

    Raises:
        HubUnknown: if it is not printable text.
        DeploymentFault: if they give one for the steps in the management account.
    """
    if management and reason is not None:
        raise DeploymentFault(
            "--reason and --management contradict each other: the credentials of the management account do not reach "
            "the ledger, which keeps reasons"
        )
    return given_reason(reason)


def event_reporter(*, as_json: bool) -> Callable[[Event], None]:
    """What shows the events of a deployment: beside JSON, on standard error."""
    return partial(show_event, screen(errors=as_json))


@dataclass(frozen=True, slots=True)
class InRegion:
    """An account in a region, in the place of a `boto3.Session`."""

    accounts: Accounts
    kind: Kind
    region_name: str

    def client(self, service: str, **_settings: object) -> Any:  # noqa: ANN401 - the client of any service
        """A client of a service."""
        return self.accounts.client(self.kind, service, self.region_name)
