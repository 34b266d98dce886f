"""Rows of the ledger about one more thing, of every kind that the functions write."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from hub.runtime import contract
from tests.support.build import PAYMENTS
from tests.support.fuzz.mutations import Mutation, Path, mutated, present
from tests.support.fuzz.organization import NETWORK, NINE, REQUEST, instance_id, vpc_id
from tests.support.fuzz.scenarios import Scenarios
from tests.support.fuzz.table import Item

Key = tuple[str, str]
# A runtime of this number has rows that no runtime of today can read.
LATER_SCHEMA: Final = 99
_KEYS: Final = frozenset({contract.PARTITION_KEY, contract.SORT_KEY})
# What makes the rows of an instance, of a VPC, of a label and of a request those of another thing.
_RENAMED: Final = {
    vpc_id(PAYMENTS.id): vpc_id(PAYMENTS.id, NINE),
    "label#payments": "label#other",
    REQUEST: f"{NINE}{REQUEST}",
} | {
    old: new
    for number in (1, 2, 5)
    for old, new in (
        (instance_id(number), instance_id(NINE)),
        (f"web{number}.", "web9."),
        (f"admin{number}.", "admin9."),
        (f"{number + 4}.0.0.10.", "13.0.0.10."),
        (f"10.0.0.{number + 4}", "10.0.0.13"),
        (f"2001:db8::{number}", "2001:db8::9"),
    )
}


def kinds(scenarios: Scenarios) -> dict[str, tuple[Key, Item]]:
    """A row of each kind: its key and its attributes, by the form of its key and the names of its attributes."""
    found: dict[str, tuple[Key, Item]] = {}
    for scenario in scenarios.all.values():
        for key, item in scenario.organization.table.items.items():
            about_one = any(text in repr(key) for text in _RENAMED)
            whole = key[0] in {contract.SPOKES_KEY, contract.ZONES_KEY, contract.CONTROL_KEY}
            if about_one or whole or (key[0] == contract.VPCS_KEY and "/vpc-" not in key[1]):
                found.setdefault(_kind(key, item), (key, item))
    return found


def _kind(key: Key, item: Item) -> str:
    partition = key[0].partition("#")[0]
    sort = key[1].partition("#")[0] if partition in {"name", "labels", "spoke", "control"} else ""
    vpc = "of a VPC" if partition == contract.VPCS_KEY and "/vpc-" in key[1] else ""
    live = "withdrawn" if item.get("live") == {"BOOL": False} else ""
    optional = sorted({"withdrawing", "refusals", "ended", "conflict", "pending"} & item.keys())
    words = (partition, sort, vpc, live, *(name for name in optional if item[name] != {"BOOL": False}))
    return " ".join(filter(None, words))


def renamed(key: Key, item: Item) -> tuple[Key, Item]:
    """The row as a row about another thing."""
    text = json.dumps([key, item])
    for old, new in _RENAMED.items():
        text = text.replace(old, new)
    if key[0] == contract.ZONES_KEY:
        text = text.replace(key[1], "Z0ANOTHER9")
    elif key[0] in {contract.SPOKES_KEY, contract.VPCS_KEY} and "/vpc-" not in key[1]:
        text = text.replace(PAYMENTS.id, NETWORK)
    (partition, sort), new_item = json.loads(text)
    return (partition, sort), new_item


def paths(item: Item) -> frozenset[Path]:
    """The paths of a row's attributes: whole attributes, whatever is in them, and their texts and numbers."""
    return frozenset(path for path in _value_paths(item) if path[0] not in _KEYS)


def _value_paths(item: Mapping[str, Any]) -> Iterator[Path]:
    return (path for path in present(item) if path[-1] not in {"M", "L"})


def changed(item: Item, changes: Collection[Mutation]) -> Item:
    """A row with these changes, each of which leaves it a row that DynamoDB can hold."""
    result: Item = mutated(item, changes)
    return {name: _valid(attribute) for name, attribute in result.items()}


def _valid(attribute: Any) -> dict[str, Any]:  # noqa: ANN401 - any value
    """The attribute, or one like it that DynamoDB can hold."""
    valid: dict[str, Any]
    match attribute:
        case {"L": [*values]}:
            valid = {"L": [_valid(value) for value in values]}
        case {"M": dict(values)}:
            valid = {"M": {name: _valid(value) for name, value in values.items()}}
        case {"S": str(text)}:
            valid = {"S": _encodable(text)}
        case {"SS": [*values]} if values and all(isinstance(value, str) for value in values):
            valid = {"SS": sorted({_encodable(value) for value in values})}
        case {"N": str(number)} if number.lstrip("-").isdigit():
            valid = {"N": number}
        case {"BOOL": bool()} | {"NULL": True}:
            valid = dict(attribute)
        case _:
            valid = _of_type(attribute)
    return valid


def _of_type(value: object) -> dict[str, Any]:
    """An attribute of the type of a value."""
    valid: dict[str, Any]
    match value:
        case bool():
            valid = {"BOOL": value}
        case int():
            valid = {"N": str(value)}
        case list():
            valid = {"L": [_valid(each) for each in value]}
        case dict():
            valid = {"M": {str(name): _valid(each) for name, each in value.items()}}
        case None | float():
            valid = {"NULL": True}
        case _:
            valid = {"S": _encodable(str(value))}
    return valid


def _encodable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def later(item: Item) -> Item:
    """The row as a later runtime writes it."""
    return item | {"schema": {"N": str(LATER_SCHEMA)}, "claims": {"S": "elsewhere"}, "values": {"L": []}}
