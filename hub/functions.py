"""The functions of the hub: all run the one package, each with its own role and log group."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from troposphere import GetAtt, Ref, Sub, Template
from troposphere import awslambda as lambda_
from troposphere.logs import LogGroup

from hub.runtime import contract
from orgdns.cfn.zone_ids import zone_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from troposphere.dynamodb import Table
    from troposphere.iam import Role

    from orgdns.config.load import Config
    from orgdns.config.sections import Zone


def log_group(title: str, function: str) -> LogGroup:
    """The log group of a function."""
    return LogGroup(title, LogGroupName=f"/aws/lambda/{function}", RetentionInDays=Ref("LogRetentionDays"))


def add_function(
    template: Template,
    title: str,
    role: Role,
    logs: LogGroup,
    variables: dict[str, Any],
    **properties: Any,  # noqa: ANN401  Lambda's own
) -> lambda_.Function:
    """Add a function of the package, and its role."""
    template.add_resource(role)
    return template.add_resource(
        lambda_.Function(
            title,
            **properties,
            Role=GetAtt(role, "Arn"),
            Code=lambda_.Code(S3Bucket=Ref("CodeBucket"), S3Key=Ref("CodeKey")),
            Runtime="python3.13",
            Architectures=["arm64"],
            MemorySize=512,
            LoggingConfig=lambda_.LoggingConfig(
                LogFormat="JSON", ApplicationLogLevel=Ref("LogLevel"), LogGroup=Ref(logs)
            ),
            Environment=lambda_.Environment(Variables=variables),
        )
    )


def environment(ledger: Table) -> dict[str, Any]:
    """The environment variables that all functions have."""
    return {
        contract.ENV_LEDGER_TABLE: Ref(ledger),
        "POWERTOOLS_SERVICE_NAME": contract.PREFIX,
        "POWERTOOLS_METRICS_NAMESPACE": contract.METRICS_NAMESPACE,
        "AWS_STS_REGIONAL_ENDPOINTS": "regional",
    }


def zone_ids(config: Config) -> dict[str, Any]:
    """The environment variable that says the zones' ids, of which some may be parameters."""
    return {contract.ENV_ZONE_IDS: _with_ids({zone.domain: zone_id(zone) for zone in config.zones}, config.zones)}


def guards(config: Config) -> dict[str, Any]:
    """The environment variable that says what needs a person's approval."""
    told = {
        "share": config.guards.removal_share,
        "names": config.guards.removal_names,
        "grace_days": config.guards.grace_days,
    }
    return {contract.ENV_GUARDS: json.dumps(told)}


def adopting_zones(config: Config) -> dict[str, Any]:
    """The environment variable that says in which zones what other tools left is taken over."""
    zones = [zone for zone in config.zones if zone.adopt]
    return {contract.ENV_ADOPTING_ZONES: _with_ids([zone_id(zone) for zone in zones], zones)}


def _with_ids(content: object, zones: Sequence[Zone]) -> Any:  # noqa: ANN401  text, or a function of CloudFormation's
    text = json.dumps(content)
    return Sub(text) if any(zone.create for zone in zones) else text
