"""What the deployed hub knows and an operator needs: the ids of its zones, and the name of its ledger."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from hub.runtime import contract
from hub.runtime.aws.sessions import error_code
from hub.runtime.model.names import Fqdn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_lambda import LambdaClient

    from orgdns.config.load import Config


class HubUnknown(Exception):
    """The deployed hub could not be found or read; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Deployed:
    """The zones' ids by domain, and the ledger's table."""

    zone_ids: Mapping[Fqdn, str]
    table: str


def deployed(client: LambdaClient) -> Deployed:
    """What the observer function of the hub was deployed with, read with ordinary credentials of the hub account.

    Raises:
        HubUnknown: When there are no credentials, they are not the hub account's, or the region is not the hub's.
    """
    name = contract.OBSERVER_FUNCTION
    try:
        environment = client.get_function_configuration(FunctionName=name).get("Environment", {})
    except ClientError as error:
        if error_code(error) == "ResourceNotFoundException":
            raise HubUnknown(
                f"there is no function {name} in {client.meta.region_name} for these credentials: use those of the hub "
                f"account (AWS_PROFILE), and its region (--region or AWS_REGION). AWS says: {error}"
            ) from error
        raise HubUnknown(
            f"the function {name} cannot be read: check that the credentials (AWS_PROFILE) are valid, are those of the "
            f"hub account, and may call lambda:GetFunctionConfiguration. AWS says: {error}"
        ) from error
    except BotoCoreError as error:
        raise HubUnknown(
            f"AWS cannot be asked: {error}. Give credentials of the hub account (AWS_PROFILE), and check region and "
            "network"
        ) from error
    variables = environment.get("Variables", {})
    try:
        zone_ids = {
            Fqdn(domain): str(zone_id) for domain, zone_id in json.loads(variables[contract.ENV_ZONE_IDS]).items()
        }
        return Deployed(zone_ids, variables[contract.ENV_LEDGER_TABLE])
    except (KeyError, ValueError, AttributeError) as error:
        raise HubUnknown(
            f"the function {name} does not say {contract.ENV_ZONE_IDS} and {contract.ENV_LEDGER_TABLE}: deploy the hub "
            "template that belongs to this version"
        ) from error


def zone_ids_of(config: Config, there: Deployed) -> dict[Fqdn, str]:
    """The ids of a configuration's zones: its own, else the deployed ones, else a stand-in for a zone to be created."""
    return {zone.domain: zone.id or there.zone_ids.get(zone.domain) or f"(new) {zone.domain}" for zone in config.zones}
