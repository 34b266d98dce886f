"""Environment variables that several functions of the hub share."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from troposphere import Equals, GetAtt, If, Not, Parameter, Ref, Sub

from hub.runtime import contract
from hub.runtime.policy.zone_ids import encoded
from orgdns import __version__
from orgdns.cfn.trust import role_arn
from orgdns.cfn.zone_ids import zone_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from troposphere import Template
    from troposphere.dynamodb import Table

    from orgdns.config.load import Config
    from orgdns.config.sections.zones import Zone


# A restored table has another stream, which CloudFormation does not notice.
LEDGER_STREAM: Final = "LedgerStreamArn"
_HAS_LEDGER_STREAM: Final = "HasLedgerStream"


def ledger_stream_parameter(config: Config) -> Parameter:
    """The parameter for the ledger's stream."""
    table = config.names.ledger_table
    return Parameter(
        LEDGER_STREAM,
        Type="String",
        Default="",
        AllowedPattern=rf"^(arn:[a-z-]+:dynamodb:[a-z0-9-]+:\d{{12}}:table/{table}/stream/[0-9T:.-]+)?$",
        ConstraintDescription="must be the ARN of a stream of the ledger",
        Description="ARN of the ledger's stream, after the table was restored. Otherwise empty.",
    )


def add_ledger_stream_condition(template: Template) -> None:
    """Add the condition that the parameter names a stream."""
    template.add_condition(_HAS_LEDGER_STREAM, Not(Equals(Ref(LEDGER_STREAM), "")))


def ledger_stream(ledger: Table) -> If:
    """The ARN of the ledger's stream."""
    return If(_HAS_LEDGER_STREAM, Ref(LEDGER_STREAM), GetAtt(ledger, "StreamArn"))


def environment(config: Config, ledger: Table) -> dict[str, Any]:
    """The environment variables of all functions."""
    unlisted = ",".join(map(str, config.unlisted_spokes))
    return {
        **({contract.ENV_UNLISTED_SPOKES: unlisted} if unlisted else {}),
        contract.ENV_INSTALLATION: config.installation,
        contract.ENV_OWNER: config.owner,
        contract.ENV_VERSION: __version__,
        contract.ENV_LEDGER_TABLE: Ref(ledger),
        contract.ENV_LEDGER_STREAM: ledger_stream(ledger),
        "POWERTOOLS_SERVICE_NAME": contract.SERVICE,
        "POWERTOOLS_METRICS_NAMESPACE": config.names.metrics_namespace,
        "AWS_STS_REGIONAL_ENDPOINTS": "regional",
    }


def zone_ids(config: Config) -> dict[str, Any]:
    """The environment variable with the id of each zone."""
    text = encoded({zone.domain: zone_id(zone) for zone in config.zones})
    return {contract.ENV_ZONE_IDS: with_zone_ids(text, config.zones)}


def route53_share(config: Config) -> dict[str, Any]:
    """The environment variable with the share of the Route 53 quotas that all functions take together."""
    return {contract.ENV_ROUTE53_SHARE: str(config.network.route53_share)}


def guards(config: Config) -> dict[str, Any]:
    """The environment variable with the limits beyond which removals need approval."""
    content = {
        "share": config.guards.removal_share,
        "names": config.guards.removal_names,
        "grace_days": config.guards.grace_days,
    }
    return {contract.ENV_GUARDS: json.dumps(content, separators=(",", ":"))}


def limits(config: Config) -> dict[str, Any]:
    """The environment variable with the limits of accounts and zones."""
    return {contract.ENV_LIMITS: json.dumps(asdict(config.guards.limits), separators=(",", ":"))}


def member_roles(config: Config) -> dict[str, Any]:
    """The environment variable with the pattern of the ARNs of the roles in the covered accounts."""
    return {contract.ENV_MEMBER_ROLE_ARN: role_arn(config, *contract.MEMBER_ROLE_FIELDS)}


def authorizer(config: Config) -> dict[str, Any]:
    """The environment variable with the role that authorizes associations."""
    return {contract.ENV_AUTHORIZER_ROLE_ARN: role_arn(config, config.network.account, config.names.authorizer_role)}


def with_zone_ids(text: str, zones: Sequence[Zone]) -> str | Sub:
    """A text with ids of zones. If the network stack creates one of them, `Fn::Sub` inserts its id from a parameter."""
    return Sub(text) if any(zone.create for zone in zones) else text
