"""The JSON Schema of a file in YAML. Editors use it to complete and check the file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from pydantic.json_schema import GenerateJsonSchema

from orgdns.config.load import Config

if TYPE_CHECKING:
    from pydantic import BaseModel
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import core_schema

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


class _Schema(GenerateJsonSchema):
    """Pydantic's schema, except that an optional key cannot be null, and that keys have no titles."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        schema_of_field = super().default_schema(schema)
        if schema_of_field.get("default", ...) is None:
            del schema_of_field["default"]
        return schema_of_field

    def field_title_should_be_set(self, schema: object) -> bool:  # noqa: ARG002 - pydantic's signature
        return False


def schema_text(model: type[BaseModel] = Config, title: str = "orgdns") -> str:
    """The schema of the file as text: by default, of the configuration file. The same code gives the same bytes."""
    schema = {"$schema": _DIALECT} | model.model_json_schema(schema_generator=_Schema) | {"title": title}
    return json.dumps(schema, indent=2) + "\n"
