"""The types of the values of cases and of instances that somebody describes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema
from pydantic_core import core_schema

from hub.runtime.names.labels import shown
from orgdns.config.types import Domain, Shape, Text
from orgdns.trial.cases import NOTHING

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler

# An instance has at most 50 tags, besides those of AWS (EC2 User Guide, "Tag restrictions",
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html).
TagKeyOfInstance = Annotated[str, Shape(r"[^\x00-\x1f]{1,128}", "the key of a tag: 1 to 128 characters")]
TagValue = Annotated[str, Shape(r"[\s\S]{0,256}", "the value of a tag: up to 256 characters")]
InstanceId = Annotated[str, Shape("i-(?:[0-9a-f]{8}|[0-9a-f]{17})", "an instance id")]


@dataclass(frozen=True, slots=True)
class OneOrMore:
    """Lists for which a single value may stand."""

    @staticmethod
    def listed(value: object) -> object:
        """A list with the value, unless it is a list."""
        return value if isinstance(value, list) else [value]

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_before_validator_function(self.listed, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        several = handler(schema)
        return {"anyOf": [several["items"], several]}


def _address(value: str) -> str:
    try:
        return str(ip_address(value))
    except ValueError:
        raise ValueError(f"{shown(value)} is not an IP address, such as 10.7.0.4 or 2001:db8::4") from None


def _expected_value(value: str) -> str:
    """A value of a record: an address, or the name that a PTR record has, which is absolute and in lower case."""
    if re.fullmatch(r"[0-9a-fA-F:.]*[0-9:]", value):
        return _address(value)
    return f"{value.lower().removesuffix('.')}."


def _names(value: object) -> object:
    """Names with values, from a mapping, from a list of names, or from the word for no names."""
    if value == NOTHING:
        return {}
    if isinstance(value, list) and all(isinstance(name, str) for name in value):
        return {name: [] for name in value}
    if isinstance(value, str):
        message = f"must be {NOTHING!r}, a list of names, or names with their values, not {shown(value)}"
        raise ValueError(message)  # noqa: TRY004 - pydantic collects ValueError
    return value


Address = Annotated[Text, AfterValidator(_address), WithJsonSchema({"type": "string"})]
ExpectedValue = Annotated[Text, AfterValidator(_expected_value), WithJsonSchema({"type": "string"})]


_STRING: Final[dict[str, Any]] = {"type": "string"}
Addresses = Annotated[list[Address], Field(min_length=1), OneOrMore()]
Texts = Annotated[list[Text], Field(min_length=1), OneOrMore()]
ExpectedNames = Annotated[
    dict[Domain, Annotated[list[ExpectedValue], OneOrMore()]],
    BeforeValidator(_names),
    WithJsonSchema(
        {
            "anyOf": [
                {"const": NOTHING},
                {"type": "array", "items": _STRING, "minItems": 1},
                {
                    "type": "object",
                    "additionalProperties": {"anyOf": [_STRING, {"type": "array", "items": _STRING}]},
                },
            ]
        }
    ),
]
