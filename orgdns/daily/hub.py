"""The hub as its own function reads it: with the function's role, and from the function's own environment."""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING, Any

from hub.runtime import contract
from hub.runtime.aws import sessions, settings
from orgdns.cli.sources.deployed import HubUnknown, deployed_in
from orgdns.cli.sources.hub import Hub

if TYPE_CHECKING:
    from hub.runtime.installation import Names
    from orgdns.cli.sources.deployed import Deployed


class OwnHub(Hub):
    """The hub that the function is a part of."""

    __slots__ = ("names",)

    def __init__(self, names: Names) -> None:
        self.names = names

    @property
    def region(self) -> str:
        """The region of the function."""
        # Lambda sets it ("Working with Lambda environment variables",
        # https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html).
        return os.environ["AWS_REGION"]

    def client(self, service: str) -> Any:  # noqa: ANN401 - the client of any service
        """The client of a service."""
        return _client(service)

    def rows_client(self) -> Any:  # noqa: ANN401 - as above
        """A client of DynamoDB of its own."""
        return sessions.client("dynamodb", sessions.CLIENT_CONFIG)

    def deployed(self) -> Deployed:
        """The configuration in the function's environment.

        Raises:
            HubUnknown: if it lacks something.
        """
        try:
            return deployed_in(os.environ, self.names)
        except KeyError as missing:
            raise HubUnknown(f"the hub stack does not set {missing}: {settings.DEPLOY_BOTH}") from missing

    def id(self) -> str:
        """The hub's account."""
        return settings.value(contract.ENV_HUB_ACCOUNT)


@cache
def _client(service: str) -> Any:  # noqa: ANN401 - as above
    return sessions.client(service, sessions.CLIENT_CONFIG)
