"""Put a deployment together: the configuration, what it becomes, and the accounts."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import boto3

from orgdns.deployment.accounts import Accounts, Choices, Kind, opened
from orgdns.deployment.bucket import Bucket, bucket_name
from orgdns.deployment.bundle import built, without_package
from orgdns.deployment.planning import Deployment
from orgdns.deployment.stacks import Part, stacks

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from orgdns.config.load import Config
    from orgdns.deployment.bundle import Bundle
    from orgdns.deployment.cloudformation.progress import Event


def open_accounts(
    config: Config,
    choices: Choices,
    kinds: Collection[Kind] = (Kind.HUB, Kind.NETWORK),
    session: Callable[..., Any] = boto3.Session,
) -> Accounts:
    """The accounts, with the role of the configuration if no other one was chosen.

    Raises:
        DeploymentFault: if credentials are missing, not valid, or of another account.
    """
    chosen = Choices(choices.profiles, choices.role or config.deployment.role)
    return opened(config, kinds, chosen, session)


def bucket_of(config: Config, accounts: Accounts) -> Bucket:
    """The bucket in the hub account and region: that of the configuration, or orgdns's own."""
    account, region = config.hub.account, config.hub.region
    given = config.deployment.bucket
    name = given or bucket_name(config.installation, account, region)
    reader = config.network.account if config.network.account != account else ""
    return Bucket(accounts.client(Kind.HUB, "s3", region), name, account, region, own=not given, reader=reader)


def open_deployment(
    config: Config,
    source: str,
    accounts: Accounts,
    report: Callable[[Event], None],
    parts: Collection[Part] = tuple(Part),
    bundle: Bundle | None = None,
    *,
    removes: bool = False,
) -> Deployment:
    """The deployment of a configuration, whose file has the name `source`.

    If it only `removes`, it has no package, and also the stacks that an earlier configuration may have asked for.

    Raises:
        ConfigInvalid: if the templates exceed quotas of AWS.
        DeploymentFault: if the package cannot be built.
    """
    bundle = bundle or (without_package if removes else built)(config, source)
    bucket = bucket_of(config, accounts)
    ordered = stacks(config, bundle, bucket.name, parts, optional=removes)
    return Deployment(config, bundle, ordered, accounts, bucket, time.sleep, report)
