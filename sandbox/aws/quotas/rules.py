"""The quotas that CloudFormation and the services behind its resource types enforce at a deployment, as they say it.

A simulation, on the values that a template has when its references are known. Pure, except for what an account already
has, which the caller passes.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Json = dict[str, Any]

# "CloudFormation quotas"
# (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html). The page says 1 MB for a
# template in S3, and the error 1,000,000 bytes.
MAX_BODY: Final = 51_200
MAX_OBJECT: Final = 1_000_000
_MAX_PARTS: Final = {"Resources": 500, "Parameters": 200, "Outputs": 200, "Mappings": 200}
_MAX_PARAMETER: Final = 4_096
# "IAM and AWS STS quotas"
# (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html): white space does not count.
_MAX_INLINE: Final = 10_240
_MAX_MANAGED: Final = 6_144
_MAX_TRUST: Final = 2_048
_MAX_ATTACHED: Final = 10
# "Lambda quotas"
# (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html): 4 KB for all variables, measured as JSON.
_MAX_ENVIRONMENT: Final = 4_096
# "Amazon EventBridge quotas" (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html).
_MAX_PATTERN: Final = 2_048
_MAX_BUS_POLICY: Final = 10_240
# "Amazon SQS policy quotas"
# (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-policies.html).
_MAX_QUEUE_POLICY: Final = 8_192
_MAX_QUEUE_STATEMENTS: Final = 20


class QuotaExceeded(ValueError):
    """A service's refusal, in its words."""


def check_body(body: str) -> None:
    """Refuse a template that is too large to be passed as text."""
    if len(body.encode()) > MAX_BODY:
        raise QuotaExceeded(
            "1 validation error detected: Value at 'templateBody' failed to satisfy constraint: Member must have "
            f"length less than or equal to {MAX_BODY}"
        )


def check_object(body: str) -> None:
    """Refuse a template that is too large to be read from S3."""
    if len(body.encode()) > MAX_OBJECT:
        raise QuotaExceeded(f"Template may not exceed {MAX_OBJECT} bytes in size.")


def check_template(template: Json, parameters: Mapping[str, str]) -> None:
    """Refuse a template with too many parts, or with a parameter whose value is too long."""
    for section, limit in _MAX_PARTS.items():
        if len(template.get(section, {})) > limit:
            raise QuotaExceeded(
                f"Template format error: Number of {section.lower()}, {len(template[section])}, is greater than "
                f"maximum allowed, {limit}"
            )
    for name, value in parameters.items():
        if len(value.encode()) > _MAX_PARAMETER:
            raise QuotaExceeded(f"Parameter {name} value exceeds the maximum length of {_MAX_PARAMETER} bytes")


def check_resource(kind: str, properties: Json) -> None:
    """Refuse a resource that exceeds a quota by itself."""
    match kind:
        case "AWS::IAM::Role":
            _check_role(properties)
        case "AWS::IAM::ManagedPolicy":
            if _characters(properties["PolicyDocument"]) > _MAX_MANAGED:
                raise QuotaExceeded(f"Cannot exceed quota for PolicySize: {_MAX_MANAGED}")
        case "AWS::Lambda::Function":
            _check_environment(properties.get("Environment", {}).get("Variables", {}))
        case "AWS::Events::Rule":
            if len(_compact(properties.get("EventPattern", {}))) > _MAX_PATTERN:
                raise QuotaExceeded(f"Event pattern exceeds the quota of {_MAX_PATTERN} characters")
        case "AWS::SQS::QueuePolicy":
            _check_queue(properties["PolicyDocument"])
        case "AWS::CloudFormation::StackSet":
            check_body(properties["TemplateBody"])


def check_attached(attached: Sequence[str]) -> None:
    """Refuse more managed policies on one role."""
    if len(attached) > _MAX_ATTACHED:
        raise QuotaExceeded(f"Cannot exceed quota for PoliciesPerRole: {_MAX_ATTACHED}")


def check_bus_policy(policy: Json) -> None:
    """Refuse an event bus's policy that is too long with all its statements."""
    if len(_compact(policy)) > _MAX_BUS_POLICY:
        raise QuotaExceeded(f"Total policy size exceeds the maximum of {_MAX_BUS_POLICY} characters")


def _check_role(properties: Json) -> None:
    name = properties.get("RoleName", "role")
    if _characters(properties["AssumeRolePolicyDocument"]) > _MAX_TRUST:
        raise QuotaExceeded(f"Cannot exceed quota for ACLSizePerRole: {_MAX_TRUST}")
    documents = [policy["PolicyDocument"] for policy in properties.get("Policies", ())]
    if sum(map(_characters, documents)) > _MAX_INLINE:
        raise QuotaExceeded(f"Maximum policy size of {_MAX_INLINE} bytes exceeded for role {name}")


def _check_environment(variables: Json) -> None:
    measured = _compact(variables)
    if len(measured.encode()) > _MAX_ENVIRONMENT:
        raise QuotaExceeded(
            "Lambda was unable to configure your environment variables because the environment variables you have "
            f"provided exceeded the 4KB limit. String measured: {measured}"
        )


def _check_queue(document: Json) -> None:
    if len(_compact(document).encode()) > _MAX_QUEUE_POLICY or len(document["Statement"]) > _MAX_QUEUE_STATEMENTS:
        raise QuotaExceeded("Invalid value for the parameter Policy.")


def _compact(node: object) -> str:
    return json.dumps(node, separators=(",", ":"), ensure_ascii=False)


def _characters(document: Json) -> int:
    """The characters of a policy without white space, also without that inside its values."""
    return sum(not character.isspace() for character in _compact(document))
