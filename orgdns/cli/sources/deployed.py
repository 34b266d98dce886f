"""The configuration of the deployed hub that an operator needs: its zones' ids, its ledger's table, its limits."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from hub.runtime import contract
from hub.runtime.aws.sessions import error_code
from hub.runtime.aws.spokes import unlisted_spokes
from hub.runtime.guard import guard_of
from hub.runtime.installation import DEFAULT_INSTALLATION, DEFAULT_NAMES, Names
from hub.runtime.model.owner import DEFAULT_OWNER, Owner
from hub.runtime.model.usage import Limits
from hub.runtime.policy.zone_ids import decoded

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_lambda import LambdaClient

    from hub.runtime.guard import Guard
    from hub.runtime.model.names import Fqdn, Spoke
    from orgdns.config.load import Config


class HubUnknown(Exception):
    """The deployed hub cannot be found or read; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Deployed:
    """What an operator needs of the hub's configuration.

    `zone_ids` are the zones by domain, `table` is the name of the ledger's table, `limits` are those of accounts and
    zones, `names` the names of the installation's resources, and `owner` owns its records. `unlisted` are the spokes
    that no StackSet lists.
    """

    zone_ids: Mapping[Fqdn, str]
    table: str
    limits: Limits | None = None
    names: Names = DEFAULT_NAMES
    owner: Owner = DEFAULT_OWNER
    unlisted: frozenset[Spoke] = frozenset()


def deployed(client: LambdaClient, names: Names) -> Deployed:
    """The environment of the observer that runs, which its alias names, read with the operator's credentials.

    Raises:
        HubUnknown: if there are no credentials, or account or region are not the hub's.
    """
    name = names.observer_function
    try:
        live = client.get_function_configuration(FunctionName=name, Qualifier=contract.LIVE_ALIAS)
        environment = live.get("Environment", {})
    except ClientError as error:
        if error_code(error) == "ResourceNotFoundException":
            raise HubUnknown(
                f"the function {name} does not exist in {client.meta.region_name} for these credentials: use "
                "credentials of the hub account (--profile or AWS_PROFILE), its region (--region or AWS_REGION) and "
                f"the name of its installation (--installation or ORGDNS_INSTALLATION). AWS says: {error}"
            ) from error
        raise HubUnknown(
            f"the function {name} cannot be read: check that the credentials (--profile or AWS_PROFILE) are valid, "
            f"belong to the hub account, and may call lambda:GetFunctionConfiguration. AWS says: {error}"
        ) from error
    except BotoCoreError as error:
        raise HubUnknown(
            f"the call to AWS failed: {error}. Check the credentials (--profile or AWS_PROFILE), the region and the "
            "network"
        ) from error
    try:
        return deployed_in(environment.get("Variables", {}), names)
    except KeyError as error:
        needed = f"{contract.ENV_ZONE_IDS}, {contract.ENV_LEDGER_TABLE} or {contract.ENV_LIMITS}"
        raise HubUnknown(
            f"the function {name} lacks {needed} in its environment: deploy the hub template of this version"
        ) from error


def deployed_in(variables: Mapping[str, str], names: Names) -> Deployed:
    """The configuration in the environment of a function of the hub.

    Raises:
        KeyError: if something is missing, or cannot be read.
    """
    try:
        zone_ids = decoded(variables[contract.ENV_ZONE_IDS])
        limits = Limits(**json.loads(variables[contract.ENV_LIMITS]))
        owner = Owner(variables.get(contract.ENV_OWNER, DEFAULT_INSTALLATION))
        unlisted = unlisted_spokes(variables.get(contract.ENV_UNLISTED_SPOKES, ""))
        return Deployed(zone_ids, variables[contract.ENV_LEDGER_TABLE], limits, names, owner, unlisted)
    except (ValueError, AttributeError, TypeError) as error:
        raise KeyError(str(error)) from error


def deployed_guard(client: LambdaClient, names: Names) -> Guard | None:
    """The guard of the sweeper that runs, or None if the credentials may not read it."""
    try:
        live = client.get_function_configuration(FunctionName=names.sweeper_function, Qualifier=contract.LIVE_ALIAS)
        return guard_of(live.get("Environment", {}).get("Variables", {})[contract.ENV_GUARDS])
    except (ClientError, BotoCoreError, KeyError, ValueError):
        return None


def zone_ids_of(config: Config, hub: Deployed) -> dict[Fqdn, str]:
    """The ids of the zones of a configuration: from the file, else as deployed, else a placeholder for a new zone."""
    return {zone.domain: zone.id or hub.zone_ids.get(zone.domain) or f"(new) {zone.domain}" for zone in config.zones}
