"""A DynamoDB table in memory, as far as the runtime uses one. It keeps items as DynamoDB's API writes them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from typing import Any, Final

from hub.runtime import contract

Item = dict[str, Any]
_TOKEN: Final = re.compile(r"\s*(<>|<=|>=|[=<>(),]|[#:]?[\w.]+)")
_CLAUSES: Final = re.compile(r"\b(SET|REMOVE|ADD|DELETE)\b")
_IF_MISSING: Final = re.compile(r"if_not_exists\(\s*(\S+?)\s*,\s*(\S+?)\s*\)")
_COMPARED: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "=": lambda left, right: bool(left == right),
    "<>": lambda left, right: bool(left != right),
    "<": lambda left, right: bool(left < right),
    "<=": lambda left, right: bool(left <= right),
    ">": lambda left, right: bool(left > right),
    ">=": lambda left, right: bool(left >= right),
}


class ConditionFailed(Exception):
    """The condition of a write is not met."""


@dataclass
class MemoryTable:
    """The items of a table by their keys, and the ARN of its stream."""

    stream: str
    items: dict[tuple[str, str], Item] = field(default_factory=dict)

    def answer(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        handle: Callable[[Mapping[str, Any]], dict[str, Any]] = getattr(self, f"_{operation}")
        return handle(request)

    def _describe_table(self, _request: Mapping[str, Any]) -> dict[str, Any]:
        return {"Table": {"TableName": "ledger", "LatestStreamArn": self.stream}}

    def _get_item(self, request: Mapping[str, Any]) -> dict[str, Any]:
        item = self.items.get(_place(request["Key"]))
        return {"Item": item} if item else {}

    def _batch_get_item(self, request: Mapping[str, Any]) -> dict[str, Any]:
        ((name, asked),) = request["RequestItems"].items()
        found = [self.items.get(_place(key)) for key in asked["Keys"]]
        return {"Responses": {name: [item for item in found if item]}, "UnprocessedKeys": {}}

    def _query(self, request: Mapping[str, Any]) -> dict[str, Any]:
        return self._found(request, "KeyConditionExpression")

    def _scan(self, request: Mapping[str, Any]) -> dict[str, Any]:
        return self._found(request, "FilterExpression")

    def _found(self, request: Mapping[str, Any], condition: str) -> dict[str, Any]:
        items = self.items
        if condition == "KeyConditionExpression":
            # One of the values is the partition, which spares evaluating the condition for every item.
            texts = {value.get("S") for value in request["ExpressionAttributeValues"].values()}
            items = {place: item for place, item in items.items() if place[0] in texts}
        found = [item for _, item in sorted(items.items()) if _meets(request, condition, item)]
        return {"Items": found, "Count": len(found), "ScannedCount": len(self.items)}

    def _put_item(self, request: Mapping[str, Any]) -> dict[str, Any]:
        place = _place(request["Item"])
        self._check(request, place)
        self.items[place] = request["Item"]
        return {}

    def _batch_write_item(self, request: Mapping[str, Any]) -> dict[str, Any]:
        for writes in request["RequestItems"].values():
            for write in writes:
                item = write["PutRequest"]["Item"]
                self.items[_place(item)] = item
        return {"UnprocessedItems": {}}

    def _delete_item(self, request: Mapping[str, Any]) -> dict[str, Any]:
        place = _place(request["Key"])
        self._check(request, place)
        self.items.pop(place, None)
        return {}

    def _update_item(self, request: Mapping[str, Any]) -> dict[str, Any]:
        place = _place(request["Key"])
        self._check(request, place)
        item = dict(self.items.get(place, request["Key"]))
        parts = _CLAUSES.split(request["UpdateExpression"])[1:]
        for verb, clause in zip(parts[::2], parts[1::2], strict=True):
            # No expression of the runtime has a comma within a function but that of if_not_exists.
            plain = _IF_MISSING.sub(lambda match: f"{match[1]}?{match[2]}", clause)
            for action in filter(None, map(str.strip, plain.split(","))):
                _update(verb, action, item, request)
        self.items[place] = item
        return {"Attributes": item} if request.get("ReturnValues", "NONE") != "NONE" else {}

    def _check(self, request: Mapping[str, Any], place: tuple[str, str]) -> None:
        if not _meets(request, "ConditionExpression", self.items.get(place, {})):
            raise ConditionFailed


def _place(key: Mapping[str, Any]) -> tuple[str, str]:
    return key[contract.PARTITION_KEY]["S"], key[contract.SORT_KEY]["S"]


def _plain(attribute: Mapping[str, Any] | None) -> Any:  # noqa: ANN401 - any attribute
    if attribute is None:
        return None
    ((kind, value),) = attribute.items()
    return Decimal(value) if kind == "N" else value


def _update(verb: str, action: str, item: Item, request: Mapping[str, Any]) -> None:
    names, values = request.get("ExpressionAttributeNames", {}), request.get("ExpressionAttributeValues", {})
    first, _, last = action.replace("=", " ").partition(" ")
    name, operand = names.get(first, first), last.strip()
    if verb == "REMOVE":
        item.pop(name, None)
    elif verb == "SET":
        source, _, default = operand.partition("?")
        item[name] = item.get(names.get(source, source), values.get(default)) if default else values[operand]
    elif "N" in values[operand]:
        number = Decimal(item.get(name, {"N": "0"}).get("N", "0")) + Decimal(values[operand]["N"])
        item[name] = {"N": str(number)}
    else:
        old, given = set(item.get(name, {}).get("SS", ())), set(values[operand]["SS"])
        new = sorted(old | given if verb == "ADD" else old - given)
        item.pop(name, None)
        item |= {name: {"SS": new}} if new else {}


def _meets(request: Mapping[str, Any], kind: str, item: Item) -> bool:
    if kind not in request:
        return True
    tokens = _tokens(request[kind])
    parser = _Parser(
        tokens, item, request.get("ExpressionAttributeNames", {}), request.get("ExpressionAttributeValues", {})
    )
    return parser.whole()


@cache
def _tokens(text: str) -> tuple[str, ...]:
    return tuple(_TOKEN.findall(text))


class _Parser:
    """Evaluates a condition for an item (DynamoDB Developer Guide, "Condition and filter expressions")."""

    def __init__(
        self, tokens: tuple[str, ...], item: Item, names: Mapping[str, str], values: Mapping[str, Any]
    ) -> None:
        self._left, self._item, self._names, self._values = list(tokens), item, names, values

    def whole(self) -> bool:
        met = self._or()
        assert not self._left, self._left
        return met

    def _or(self) -> bool:
        met = self._and()
        while self._left[:1] == ["OR"]:
            self._left.pop(0)
            met = self._and() or met
        return met

    def _and(self) -> bool:
        met = self._not()
        while self._left[:1] == ["AND"]:
            self._left.pop(0)
            met = self._not() and met
        return met

    def _not(self) -> bool:
        if self._left[0] == "NOT":
            self._left.pop(0)
            return not self._not()
        if self._left[0] == "(":
            self._left.pop(0)
            met = self._or()
            assert self._left.pop(0) == ")"
            return met
        return self._comparison()

    def _comparison(self) -> bool:
        left = self._operand()
        if self._left[:1] and self._left[0] in _COMPARED:
            compared = _COMPARED[self._left.pop(0)]
            right = self._operand()
            # Values of different types are never equal, and an attribute that is missing meets no comparison.
            same = type(left) is type(right) or {type(left), type(right)} <= {int, Decimal}
            return same and left is not None and compared(left, right)
        assert isinstance(left, bool), left
        return left

    def _operand(self) -> Any:  # noqa: ANN401 - any attribute
        token = self._left.pop(0)
        if self._left[:1] != ["("]:
            return _plain(self._values[token] if token.startswith(":") else self._attribute(token))
        arguments = list(self._arguments())
        match token, arguments:
            case "attribute_exists", [name]:
                return self._attribute(name) is not None
            case "attribute_not_exists", [name]:
                return self._attribute(name) is None
            case "begins_with", [name, prefix]:
                text = _plain(self._attribute(name))
                return isinstance(text, str) and text.startswith(_plain(self._values[prefix]))
            case "size", [name]:
                value = _plain(self._attribute(name))
                return None if value is None else Decimal(len(value))
            case "attribute_type", [name, kind]:
                return _plain(self._values[kind]) in (self._attribute(name) or {})
            case _:
                raise NotImplementedError(token)

    def _arguments(self) -> Iterator[str]:
        self._left.pop(0)
        while (token := self._left.pop(0)) != ")":
            if token != ",":
                yield token

    def _attribute(self, name: str) -> Any:  # noqa: ANN401 - any attribute
        return self._item.get(self._names.get(name, name))
