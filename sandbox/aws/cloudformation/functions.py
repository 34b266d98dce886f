"""AWS::Lambda::Function, Version and Alias, where the emulator differs from AWS's documentation.

A simulation of the pages AWS::Lambda::Function, AWS::Lambda::Version and AWS::Lambda::Alias of the "AWS resource and
property types reference"
(https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_Lambda.html), and of PublishVersion
(https://docs.aws.amazon.com/lambda/latest/api/API_PublishVersion.html): a version is a copy of code and configuration,
Lambda publishes none if the code has another hash than expected, and none if nothing changed since the last version.
"""

from __future__ import annotations

import base64
import copy
import hashlib
import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from moto.awslambda.exceptions import LambdaClientError
from moto.awslambda.models import LambdaFunction, LambdaVersion, lambda_backends
from moto.awslambda.utils import make_function_ver_arn
from moto.cloudformation.exceptions import ValidationError
from moto.core.common_models import CloudFormationModel
from moto.s3.models import s3_backends

from sandbox.aws.bridge import replaced
from sandbox.aws.partition import partition

if TYPE_CHECKING:
    from collections.abc import Iterator

Json = dict[str, Any]
# A function of the emulator, which ships no types.
Moto = Any

_CREATE_FUNCTION: Final = LambdaFunction.create_from_cloudformation_json.__func__
_UPDATE_FUNCTION: Final = LambdaFunction.update_from_cloudformation_json.__func__


@contextmanager
def function_types() -> Iterator[None]:
    """Replace moto's functions and versions while the context lasts."""
    with (
        replaced(
            LambdaFunction,
            create_from_cloudformation_json=classmethod(_create_function),
            update_from_cloudformation_json=classmethod(_update_function),
        ),
        replaced(
            LambdaVersion,
            create_from_cloudformation_json=classmethod(_create_version),
            update_from_cloudformation_json=classmethod(_update_version),
            delete=_delete_version,
            get_cfn_attribute=_version_attribute,
            has_cfn_attr=classmethod(lambda _cls, attribute: attribute == "Version"),
        ),
    ):
        yield


@contextmanager
def _refusals_as_validation_errors() -> Iterator[None]:
    """Report what Lambda refuses as CloudFormation's own error, with Lambda's message."""
    try:
        yield
    except LambdaClientError as refused:
        raise ValidationError(message=refused.message) from refused


def _create_function(
    cls: type, /, name: str, cloudformation_json: Json, account_id: str, region: str, **kwargs: object
) -> LambdaFunction:
    """Create a function with all properties that moto loses. Its code must exist."""
    properties = cloudformation_json["Properties"]
    code = _code(properties, account_id)
    with _refusals_as_validation_errors():
        function = _CREATE_FUNCTION(cls, name, cloudformation_json, account_id, region, **kwargs)
    return _completed(function, properties, code)


def _update_function(
    cls: type,
    original_resource: LambdaFunction,
    new_resource_name: str,
    cloudformation_json: Json,
    account_id: str,
    region_name: str,
) -> LambdaFunction:
    """Update code and configuration of $LATEST. Published versions keep theirs."""
    properties = cloudformation_json["Properties"]
    code = _code(properties, account_id)
    with _refusals_as_validation_errors():
        function = _UPDATE_FUNCTION(
            cls, original_resource, new_resource_name, cloudformation_json, account_id, region_name
        )
    return _completed(function, properties, code)


def _completed(function: Moto, properties: Json, code: bytes | None) -> Moto:
    if properties.get("CodeSigningConfigArn"):
        raise ValidationError(message="code signing is not modeled")
    if partition() == "aws-us-gov" and properties.get("LoggingConfig", {}).get("LogFormat") == "JSON":
        # https://docs.aws.amazon.com/govcloud-us/latest/UserGuide/govcloud-lambda.html
        raise ValidationError(message="JSON log formatting is not available in GovCloud")
    if code is not None:
        digest = hashlib.sha256(code)
        function.code_bytes, function.code_size, function.code_digest = code, len(code), digest.hexdigest()
        function.code_sha_256 = base64.b64encode(digest.digest()).decode()
    function.architectures = properties.get("Architectures", ["x86_64"])
    function.logging_config = properties.get("LoggingConfig", {})
    function.kms_key_arn = properties.get("KmsKeyArn")
    return function


def _code(properties: Json, account_id: str) -> bytes | None:
    """The package in S3, in the given object version or the current one; None if the code is in the template."""
    code = properties["Code"]
    if "S3Bucket" not in code:
        return None
    place = (code["S3Bucket"], code["S3Key"], code.get("S3ObjectVersion"))
    found = s3_backends[account_id][partition()].get_object(*place)
    if found is None:
        kind = "NoSuchVersion" if place[2] else "NoSuchKey"
        raise ValidationError(message=f"Error occurred while GetObject. S3 Error Code: {kind}. {place[0]}/{place[1]}")
    content: bytes = found.value
    return content


def _create_version(
    _cls: type, /, _name: str, cloudformation_json: Json, account_id: str, region: str, **_kwargs: object
) -> LambdaVersion:
    return _published(cloudformation_json["Properties"], account_id, region)


def _update_version(
    _cls: type,
    original_resource: LambdaVersion,
    new_resource_name: str,
    cloudformation_json: Json,
    account_id: str,
    region_name: str,
) -> LambdaVersion:
    """Replace the version, as each property that is modeled requires. The template must retain the old version."""
    del original_resource, new_resource_name
    if cloudformation_json.get("UpdateReplacePolicy") != "Retain":
        raise ValidationError(message="the deletion of a replaced version is not modeled")
    return _published(cloudformation_json["Properties"], account_id, region_name)


def _published(properties: Json, account: str, region: str) -> LambdaVersion:
    """Publish a version of a function.

    Raises:
        ValidationError: if CodeSha256 is not the hash of the code, or nothing changed since the last version.
    """
    if unknown := sorted(properties.keys() - {"FunctionName", "CodeSha256", "Description"}):
        raise ValidationError(message=f"properties of a version that are not modeled: {unknown}")
    description = properties.get("Description", "")
    storage = lambda_backends[account][region]._lambdas
    latest = storage.get_function_by_name_or_arn_forbid_qualifier(properties["FunctionName"])
    expected = properties.get("CodeSha256", latest.code_sha_256)
    if expected != latest.code_sha_256:
        raise ValidationError(
            message=f"CodeSHA256 ({expected}) is different from current CodeSHA256 in $LATEST ({latest.code_sha_256}). "
            "Please try again with the CodeSHA256 in $LATEST."
        )
    number, state = getattr(latest, "last_published", (0, ()))
    if state == _state(latest):
        raise ValidationError(
            message=f"A version for this Lambda function exists ( {number} ). Modify the function to create a new "
            "version."
        )
    latest.last_published = (number + 1, _state(latest))
    version = copy.copy(latest)
    version.version = number + 1
    version.function_arn = make_function_ver_arn(region, account, latest.function_name, version.version)
    version.description = description or latest.description
    storage._functions[latest.function_name]["versions"].append(version)
    storage._arns[version.function_arn] = version
    resource = LambdaVersion({"Version": version.version})
    resource.physical_resource_id = version.function_arn
    return resource


def _state(function: Moto) -> tuple[object, ...]:
    """The code and the configuration that a version copies."""
    configuration = function.get_configuration()
    kept = ("Description", "Environment", "Handler", "MemorySize", "Role", "Runtime", "Timeout")
    texts = (json.dumps([configuration.get(key) for key in kept], sort_keys=True), json.dumps(function.logging_config))
    return function.code_sha_256, *function.architectures, *texts


def _delete_version(version: LambdaVersion, account_id: str, region_name: str) -> None:
    """Delete the version with its stack, unless its function was deleted before."""
    backend = lambda_backends[account_id][region_name]
    name = version.physical_resource_id.split(":")[6]
    if name in backend._lambdas._functions:
        backend.delete_function(name, str(version.version))


def _version_attribute(version: LambdaVersion, attribute: str) -> str:
    if attribute != "Version":
        raise ValidationError(message=f"the attribute {attribute} of a version is not modeled")
    return str(version.version)


class FunctionAlias(CloudFormationModel):  # type: ignore[misc]  # moto ships no types
    """AWS::Lambda::Alias, which the emulator lacks: a name for a version. Event source mappings run that version."""

    def __init__(self, name: str, function: str, arn: str) -> None:
        self.name = name
        self.function = function
        self.physical_resource_id = arn

    @staticmethod
    def cloudformation_name_type() -> str:
        """The property with the resource's name."""
        return "Name"

    @staticmethod
    def cloudformation_type() -> str:
        """The resource type."""
        return "AWS::Lambda::Alias"

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Json, account_id: str, region_name: str, **_kwargs: object
    ) -> FunctionAlias:
        """Create the alias of a version."""
        properties = cloudformation_json["Properties"]
        if unknown := sorted(properties.keys() - {"FunctionName", "FunctionVersion", "Name", "Description"}):
            raise ValidationError(message=f"properties of an alias that are not modeled: {unknown}")
        function, description = properties["FunctionName"], properties.get("Description", "")
        backend = lambda_backends[account_id][region_name]
        alias = backend.create_alias(resource_name, function, properties["FunctionVersion"], description, "")
        return cls(resource_name, function, alias.arn)

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: FunctionAlias,
        new_resource_name: str,
        cloudformation_json: Json,
        account_id: str,
        region_name: str,
    ) -> FunctionAlias:
        """Point the alias at another version, without interruption."""
        alias, properties = original_resource, cloudformation_json["Properties"]
        if (new_resource_name, properties["FunctionName"]) != (alias.name, alias.function):
            raise ValidationError(message="the replacement of an alias is not modeled")
        lambda_backends[account_id][region_name].update_alias(
            alias.name, alias.function, properties["FunctionVersion"], properties.get("Description", ""), ""
        )
        return alias

    def delete(self, account_id: str, region_name: str) -> None:
        """Delete the alias, unless its function was deleted before."""
        backend = lambda_backends[account_id][region_name]
        if self.function in backend._lambdas._functions:
            backend.delete_alias(self.name, self.function)
