"""Corrects the emulator's AWS::SSM::Parameter where it differs from AWS's documentation.

A simulation of AWS::SSM::Parameter
(https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ssm-parameter.html).
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from moto.cloudformation.exceptions import ValidationError
from moto.ssm.models import Parameter, ssm_backends

from sandbox.aws.bridge import replaced

if TYPE_CHECKING:
    from collections.abc import Iterator

Json = dict[str, Any]
_PROPERTIES: Final = frozenset({"Name", "Description", "Type", "Tier", "Value", "Tags"})
# "Creating Parameter Store parameters in Systems Manager"
# (https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-su-create.html): characters, levels,
# and reserved beginnings.
_NAME: Final = re.compile(r"(?!/?(?:aws|ssm))(?:/[A-Za-z0-9_.-]+){1,15}|(?!aws|ssm)[A-Za-z0-9_.-]+", re.IGNORECASE)
# "Managing parameter tiers"
# (https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html).
_STANDARD_BYTES: Final = 4096


@contextmanager
def parameter_type() -> Iterator[None]:
    """Replace the parts of moto's type that read tags as a list, and that make a new parameter in each update."""
    with replaced(
        Parameter,
        create_from_cloudformation_json=classmethod(_create),
        update_from_cloudformation_json=classmethod(_update),
        get_cfn_attribute=_attribute,
        delete=_delete,
    ):
        yield


def _checked(resource: Json) -> Json:
    properties: Json = resource["Properties"]
    if unknown := sorted(properties.keys() - _PROPERTIES):
        raise ValidationError(message=f"properties of a parameter that are not modeled: {unknown}")
    if properties["Type"] not in {"String", "StringList"}:
        raise ValidationError(message="AWS CloudFormation doesn't support creating a SecureString parameter type.")
    if not _NAME.fullmatch(properties["Name"]):
        raise ValidationError(message=f"Parameter name: {properties['Name']} is not valid")
    if len(properties["Value"].encode()) > _STANDARD_BYTES:
        raise ValidationError(message="Standard tier parameters support a maximum parameter value of 4096 characters.")
    if not isinstance(properties.get("Tags", {}), dict):
        raise ValidationError(message="Properties validation failed: #/Tags: expected type: JSONObject")
    return properties


def _create(
    _cls: type, /, _name: str, cloudformation_json: Json, account_id: str, region_name: str, **_kwargs: object
) -> Parameter:
    """Create the parameter with its tags. CloudFormation does not take over an existing one of the same name."""
    properties = _checked(cloudformation_json)
    backend = ssm_backends[account_id][region_name]
    if backend._parameters.get(properties["Name"]):
        raise ValidationError(message=f"{properties['Name']} already exists")
    return _put(backend, properties, overwrite=False)


def _update(
    cls: type[Parameter],
    original_resource: Parameter,
    new_resource_name: str,
    cloudformation_json: Json,
    account_id: str,
    region_name: str,
) -> Parameter:
    """Change value, description and tags, which adds a version. Another name is another parameter."""
    properties = _checked(cloudformation_json)
    if properties["Name"] != original_resource.name:
        created: Parameter = cls.create_from_cloudformation_json(
            new_resource_name, cloudformation_json, account_id, region_name
        )
        _delete(original_resource, account_id, region_name)
        return created
    return _put(ssm_backends[account_id][region_name], properties, overwrite=True)


def _put(backend: Any, properties: Json, *, overwrite: bool) -> Parameter:  # noqa: ANN401 - moto ships no types
    name = properties["Name"]
    parameter: Parameter = backend.put_parameter(
        name=name,
        description=properties.get("Description"),
        value=properties["Value"],
        parameter_type=properties["Type"],
        allowed_pattern=None,
        keyid=None,
        overwrite=overwrite,
        tags=[],
        data_type="text",
        tier=properties.get("Tier"),
        policies=None,
    )
    before = list(backend.list_tags_for_resource("Parameter", name))
    backend.remove_tags_from_resource("Parameter", name, before)
    backend.add_tags_to_resource("Parameter", name, properties.get("Tags", {}))
    return parameter


def _attribute(parameter: Parameter, attribute: str) -> str:
    """The attributes of the type, Type and Value."""
    if attribute not in {"Type", "Value"}:
        raise ValidationError(message=f"AWS::SSM::Parameter has no attribute {attribute}")
    return str(parameter.value if attribute == "Value" else parameter.parameter_type)


def _delete(parameter: Parameter, account_id: str, region_name: str) -> None:
    """Delete the parameter with its stack."""
    ssm_backends[account_id][region_name].delete_parameter(parameter.name)
