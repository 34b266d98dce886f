"""What is wrong with a value of the file, in our words. Pure."""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from hub.runtime.messages import short
from hub.runtime.names.labels import shown
from orgdns.config.types import NotAString

if TYPE_CHECKING:
    from collections.abc import Collection

    from pydantic import BaseModel
    from pydantic_core import ErrorDetails

    from orgdns.config.errors import Place, Source

# How much of a list of keys is printed.
_SHOWN: Final = 200
_NO_VPCS: Final = "is for zones: a rule has no VPCs; set it on a zone with 'resolved_by', or at the top of the file"
# By pydantic's type of error, with the names that it gives to the values.
_WHOLE: Final = {
    "missing": "is missing",
    "model_type": "must be a mapping of keys to values",
    "dict_type": "must be a mapping of keys to values",
    "list_type": "must be a list",
    "too_short": "is empty: add an item to the list",
    "too_long": "has {actual_length:,} items, and may have {max_length:,}",
}
# The same, followed by what the file has.
_MUST: Final = {
    "enum": "must be {expected}",
    "literal_error": "must be {expected}",
    "bool_type": "must be true or false",
    "int_type": "must be a whole number",
    "float_type": "must be a number",
    "greater_than_equal": "must be at least {ge:,}",
    "less_than_equal": "must be at most {le:,}",
}


def message(error: ErrorDetails, place: Place, source: Source, model: type[BaseModel]) -> str:
    """What an error of pydantic means for the author of the file, and what to do."""
    kind, context = error["type"], error.get("ctx", {})
    if kind == "invalid_key" or (error["loc"][-1:] == ("[key]",) and not isinstance(source.converted_key(place), str)):
        return _converted_key(place, source)
    if kind == "extra_forbidden" and place[:2] == ("policy", "rules") and place[-1] == "associate":
        return _NO_VPCS
    if kind == "extra_forbidden":
        return f"is an unknown key: {_nearest(place, source, model)}"
    if kind == "value_error":
        refused = context["error"]
        converted = _converted(place, source) if isinstance(refused, NotAString) else None
        return converted or str(refused)
    return _of_type(kind, context, place, source)


def _of_type(kind: str, context: dict[str, Any], place: Place, source: Source) -> str:
    if kind in _WHOLE:
        return _WHOLE[kind].format(**context)
    must, text = _MUST.get(kind, "is not a value that this key can have").format(**context), source.text(place)
    if kind in {"int_type", "float_type"} and isinstance(text, str) and text.isdecimal():
        return f"{must}: remove the quotes"
    return must if text is None else f"{must}, not {shown(text)}"


def _converted(place: Place, source: Source) -> str | None:
    """What YAML makes of a value that the author wrote without quotes; None if it makes a text of it."""
    text, value = source.text(place), source.converted(place)
    return None if text is None or isinstance(value, str) else f"{_read(text, value)}: put it in quotes"


def _converted_key(place: Place, source: Source) -> str:
    return f"{_read(source.key(place), source.converted_key(place))}: put the key in quotes"


def _read(text: str, value: object) -> str:
    match value:
        case bool():
            meaning = "true" if value else "false"
        case int() | float():
            meaning = "a number" if str(value) == text else f"the number {short(value)}"
        case None:
            meaning = "no value"
        case bytes():
            meaning = "binary data"
        case _:
            meaning = "a date"
    return f"YAML reads {shown(text)} as {meaning}"


def _nearest(place: Place, source: Source, model: type[BaseModel]) -> str:
    """The key that the author probably meant, or all keys."""
    schema = _schema(model)
    section = schema
    for step in place[:-1]:
        section = _inner(section, step, schema["$defs"])
    known = list(_resolved(section, schema["$defs"], "properties").get("properties", {}))
    free = [key for key in known if not source.has((*place[:-1], key))]
    near = get_close_matches(str(place[-1]).lower(), free, n=1) or get_close_matches(str(place[-1]), known, n=1)
    return f"did you mean {near[0]!r}?" if near else f"the keys here are {_listed(known)}"


@cache
def _schema(model: type[BaseModel]) -> dict[str, Any]:
    return model.model_json_schema()


def _listed(keys: Collection[str]) -> str:
    text = ", ".join(keys)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def _resolved(schema: dict[str, Any], definitions: dict[str, Any], kind: str) -> dict[str, Any]:
    """A schema without references: of alternatives, the one with the key `kind`, `properties` or `items`."""
    while "$ref" in schema:
        schema = definitions[schema["$ref"].rpartition("/")[2]]
    for alternative in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        found = _resolved(alternative, definitions, kind)
        if kind in found:
            return found
    return schema


def _inner(schema: dict[str, Any], step: str | int, definitions: dict[str, Any]) -> dict[str, Any]:
    """The schema of a value in a section or a list."""
    kind = "items" if isinstance(step, int) else "properties"
    section = _resolved(schema, definitions, kind)
    inner: dict[str, Any] = section.get("items", {}) if isinstance(step, int) else section["properties"][step]
    return inner
