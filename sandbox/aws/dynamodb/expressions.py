"""DynamoDB's condition and update expressions, over attributes as they are on the wire. Pure.

"Comparison operator and function reference" and "Update expressions", DynamoDB Developer Guide.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cache
from typing import Any

from hub.runtime.aws.ledger.attributes import read, written

Item = Mapping[str, Any]
Bound = Mapping[str, Any]
_TYPES: Mapping[str, type] = {"S": str, "N": Decimal, "BOOL": bool, "L": list, "M": dict, "SS": set}
# What an expression gives for an item, the names and the values that were sent with it.
Condition = Callable[[Item, Bound, Bound], Any]
_TOKEN = re.compile(r"\s*([#:]?\w+|<>|<=|>=|[=<>(),+-])")
_COMPARED: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def meets(item: Item, condition: str, names: Bound, values: Bound) -> bool:
    """Whether an item, empty if there is none, meets a condition; it does if the condition is empty."""
    return not condition or bool(_condition(condition)(item, names, values))


def updated(item: Item, expression: str, names: Bound, values: Bound) -> dict[str, Any]:
    """Return an item as an update expression leaves it."""
    after = dict(item)
    for verb, clause in _clauses(expression):
        for operand in clause.split(","):
            name, _, operation = operand.strip().partition(" ")
            attribute = names.get(name, name)
            if verb == "SET":
                after[attribute] = written({"": _assigned(operation.strip(" ="), item, names, values)})[""]
            elif verb == "REMOVE":
                after.pop(attribute, None)
            else:
                after |= _changed(verb, attribute, after, read({"": values[operation.strip()]})[""])
                if after[attribute] is None:
                    del after[attribute]
    return after


def _assigned(operation: str, item: Item, names: Bound, values: Bound) -> Any:  # noqa: ANN401 - any value of a row
    if "if_not_exists" in operation:
        raise NotImplementedError(operation)
    parts = [_Parser(part.strip()).operand()(item, names, values) for part in operation.split("+")]
    return parts[0] if len(parts) == 1 else sum(parts)


def _changed(verb: str, attribute: str, item: Item, value: Any) -> dict[str, Any]:  # noqa: ANN401 - as above
    stored = read({"": item[attribute]})[""] if attribute in item else None
    # DynamoDB refuses to add to an attribute of another type. Here it is replaced.
    before: Any = stored if type(stored) is type(value) else type(value)()
    if isinstance(value, set):
        after = before | value if verb == "ADD" else before - value
        return {attribute: written({"": after})[""] if after else None}
    return {attribute: written({"": before + value})[""]}


@cache
def _clauses(expression: str) -> tuple[tuple[str, str], ...]:
    parts = re.split(r"\b(SET|REMOVE|ADD|DELETE)\b", expression)
    return tuple(zip(parts[1::2], parts[2::2], strict=True))


@cache
def _condition(text: str) -> Condition:
    parser = _Parser(text)
    condition = parser.either()
    if parser.tokens:
        raise NotImplementedError(text)
    return condition


class _Parser:
    """Recursive descent over the tokens of a condition."""

    def __init__(self, text: str) -> None:
        self.tokens = _TOKEN.findall(text)

    def either(self) -> Condition:
        left = self._both()
        while self._taken("OR"):
            first, second = left, self._both()
            left = lambda *given, first=first, second=second: first(*given) or second(*given)  # noqa: E731 - short
        return left

    def _both(self) -> Condition:
        left = self._one()
        while self._taken("AND"):
            first, second = left, self._one()
            left = lambda *given, first=first, second=second: first(*given) and second(*given)  # noqa: E731 - short
        return left

    def _one(self) -> Condition:
        if self._taken("NOT"):
            negated = self._one()
            return lambda *given: not negated(*given)
        if self._taken("("):
            inner = self.either()
            self._taken(")")
            return inner
        left = self.operand()
        if not self.tokens or self.tokens[0] not in _COMPARED:
            return left
        compare, right = _COMPARED[self.tokens.pop(0)], self.operand()
        return lambda *given: _compared(compare, left(*given), right(*given))

    def operand(self) -> Condition:
        token = self.tokens.pop(0)
        if token.startswith(":"):
            return lambda _item, _names, values: read({"": values[token]})[""]
        if not self._taken("("):
            return lambda item, names, _values: _value(item, names.get(token, token))
        arguments = [self.operand()]
        while self._taken(","):
            arguments.append(self.operand())
        self._taken(")")
        return _function(token, arguments)

    def _taken(self, token: str) -> bool:
        if self.tokens and self.tokens[0] == token:
            del self.tokens[0]
            return True
        return False


def _compared(compare: Callable[[Any, Any], bool], left: Any, right: Any) -> bool:  # noqa: ANN401 - as above
    """Compare values. Those of different types are never equal, and a missing attribute meets no comparison."""
    return left is not None and type(left) is type(right) and compare(left, right)


def _begins(value: Any, prefix: str) -> bool:  # noqa: ANN401 - as above
    return isinstance(value, str) and value.startswith(prefix)


def _value(item: Item, name: str) -> Any:  # noqa: ANN401 - as above
    return read({"": item[name]})[""] if name in item else None


def _function(name: str, arguments: list[Condition]) -> Condition:
    match name:
        case "attribute_exists":
            return lambda *given: arguments[0](*given) is not None
        case "attribute_not_exists":
            return lambda *given: arguments[0](*given) is None
        case "attribute_type":
            return lambda *given: _TYPES[arguments[1](*given)] is type(arguments[0](*given))
        case "begins_with":
            return lambda *given: _begins(*(argument(*given) for argument in arguments))
        case "size":
            return lambda *given: None if (value := arguments[0](*given)) is None else Decimal(len(value))
    raise NotImplementedError(name)
