"""The JSON Schema of the configuration file, by which editors complete and check it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from pydantic.json_schema import GenerateJsonSchema

from orgdns.config.load import Config

if TYPE_CHECKING:
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import core_schema

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


class _Schema(GenerateJsonSchema):
    """As pydantic makes it, but that a key which may be left out may not be empty instead, and has no title."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        made = super().default_schema(schema)
        if made.get("default", ...) is None:
            del made["default"]
        return made

    def field_title_should_be_set(self, schema: object) -> bool:  # noqa: ARG002 - pydantic's signature
        return False


def schema_text() -> str:
    """The schema as text: the same code gives the same bytes."""
    schema = {"$schema": _DIALECT} | Config.model_json_schema(schema_generator=_Schema) | {"title": "orgdns"}
    return json.dumps(schema, indent=2) + "\n"
