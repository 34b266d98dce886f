"""The code of a stack's functions: where it is, what digest it must have, and the alias that runs nothing else.

Without this, whoever can overwrite the package in S3 has the functions' roles after the next deployment. Lambda
publishes a version only if the code has the digest that the deployment names ("PublishVersion",
https://docs.aws.amazon.com/lambda/latest/api/API_PublishVersion.html). The event source mappings run an alias of that
version, never $LATEST. Other code fails the deployment, and the functions go on with the version before.

A mapping keeps its position in a stream when its function or alias changes ("UpdateEventSourceMapping",
https://docs.aws.amazon.com/lambda/latest/api/API_UpdateEventSourceMapping.html).
"""

from __future__ import annotations

import json
import re
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from troposphere import Equals, GetAtt, If, Not, NoValue, Parameter, Ref, Sub
from troposphere import awslambda as lambda_

from hub.runtime import contract

if TYPE_CHECKING:
    from collections.abc import Iterator

    from troposphere import Template

# Parameters that a stack with functions must have.
CODE_BUCKET: Final = "CodeBucket"
CODE_KEY: Final = "CodeKey"
CODE_SHA256: Final = "CodeSha256"
OBJECT_VERSION: Final = "S3ObjectVersion"
SIGNING_CONFIG: Final = "CodeSigningConfigArn"

_HAS_OBJECT_VERSION: Final = f"Has{OBJECT_VERSION}"
_HAS_SIGNING_CONFIG: Final = f"Has{SIGNING_CONFIG}"
# What a version does not copy, or checks by its digest. Each other property of a function is part of its configuration.
_NOT_COPIED: Final = frozenset(
    {"Code", "CodeSigningConfigArn", "RecursiveLoop", "ReservedConcurrentExecutions", "Tags"}
)
# "Description": at most 256 characters (API Reference, PublishVersion).
_LONGEST_DESCRIPTION: Final = 256
# The longest values of the parameters in a configuration: the log level, the ARN of the ledger's stream, and the ids of
# hosted zones.
_LONGEST_VALUES: Final = {"LogLevel": 5, "LedgerStreamArn": 110}
_LONGEST_VALUE: Final = 32
_REFERENCE: Final = re.compile(r"\$\{(\w+)\}")


def code_parameters() -> list[Parameter]:
    """The parameters that name the package."""
    return [
        Parameter(
            CODE_BUCKET,
            Type="String",
            Description="S3 bucket in the hub region that holds the Lambda package.",
            AllowedPattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$",
            ConstraintDescription="must be the name of an S3 bucket",
        ),
        Parameter(
            CODE_KEY,
            Type="String",
            Description="S3 key of the Lambda package. Upload each package under a new key, or CloudFormation "
            "does not detect the change.",
            AllowedPattern=r"^[A-Za-z0-9!_.*'()/-]{1,1000}\.zip$",
            ConstraintDescription="must be the key of a zip file",
        ),
        Parameter(
            CODE_SHA256,
            Type="String",
            Description="SHA-256 digest of the Lambda package in base64, as orgdns build prints it. Other code is not "
            "published.",
            AllowedPattern=r"^[A-Za-z0-9+/]{43}=$",
            ConstraintDescription="must be a SHA-256 digest in base64, 44 characters",
        ),
        Parameter(
            OBJECT_VERSION,
            Type="String",
            Default="",
            Description="Version of the package's object in S3, if the bucket keeps versions. Optional.",
            AllowedPattern=r"^(?!null$)[\x21-\x7e]{0,1024}$",
            ConstraintDescription="must be the id of an object version, not null",
        ),
        Parameter(
            SIGNING_CONFIG,
            Type="String",
            Default="",
            Description="ARN of a Lambda code signing configuration that every package must satisfy. Optional.",
            AllowedPattern=r"^(arn:[a-z-]+:lambda:[a-z0-9-]+:\d{12}:code-signing-config:csc-[a-z0-9]{17})?$",
            ConstraintDescription="must be the ARN of a code signing configuration",
        ),
    ]


def add_code_conditions(template: Template) -> None:
    """Add the conditions that the optional parameters are given."""
    for condition, parameter in ((_HAS_OBJECT_VERSION, OBJECT_VERSION), (_HAS_SIGNING_CONFIG, SIGNING_CONFIG)):
        template.add_condition(condition, Not(Equals(Ref(parameter), "")))


def code_properties() -> dict[str, Any]:
    """The properties of a function that say where its code is and who must have signed it."""
    return {
        "Code": lambda_.Code(
            S3Bucket=Ref(CODE_BUCKET),
            S3Key=Ref(CODE_KEY),
            S3ObjectVersion=If(_HAS_OBJECT_VERSION, Ref(OBJECT_VERSION), NoValue),
        ),
        "CodeSigningConfigArn": If(_HAS_SIGNING_CONFIG, Ref(SIGNING_CONFIG), NoValue),
    }


def add_live_alias(template: Template, function: lambda_.Function) -> lambda_.Alias:
    """Publish the function's code and configuration, and add the alias that runs them.

    CloudFormation publishes a new version only when a property of the version changes, so its description names the
    configuration. A replaced version is kept: invocations of it may still run.
    """
    version = template.add_resource(
        lambda_.Version(
            f"{function.title}Version",
            FunctionName=Ref(function),
            CodeSha256=Ref(CODE_SHA256),
            Description=_configuration(template, function),
            UpdateReplacePolicy="Retain",
        )
    )
    return template.add_resource(
        lambda_.Alias(
            f"{function.title}Alias",
            Name=contract.LIVE_ALIAS,
            FunctionName=Ref(function),
            FunctionVersion=GetAtt(version, "Version"),
        )
    )


def _configuration(template: Template, function: lambda_.Function) -> Sub:
    """A text that changes with each change of the function's configuration, and only then.

    It has a digest of the configuration as the template has it, and the values of the parameters in it, as many as fit.
    It must not change alone: Lambda publishes no version if nothing changed since the last one.
    """
    properties = function.to_dict()["Properties"]
    copied = {name: value for name, value in properties.items() if name not in _NOT_COPIED}
    text = sha256(json.dumps(copied, sort_keys=True).encode()).hexdigest()[:8]
    room = _LONGEST_DESCRIPTION - len(text)
    named = dict.fromkeys(name for name in _references(copied) if name in template.parameters)
    for name in sorted(named, key=lambda name: name not in _LONGEST_VALUES):
        room -= len(" ") + _LONGEST_VALUES.get(name, _LONGEST_VALUE)
        if room >= 0:
            text += f" ${{{name}}}"
    return Sub(text)


def _references(node: object) -> Iterator[str]:
    """The names that `Ref` and `Fn::Sub` refer to, in any part of a template."""
    match node:
        case {"Ref": str(name)}:
            yield name
        case {"Fn::Sub": str(text)}:
            yield from _REFERENCE.findall(text)
        case dict():
            for value in node.values():
                yield from _references(value)
        case list():
            for value in node:
                yield from _references(value)
        case _:
            pass
