"""Metric math: parses an expression, and computes it for each period. Pure.

"Using math expressions with CloudWatch metrics"
(https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html). A time series has a value, or
None, for each period, the oldest first. What is modeled: numbers, ids, parentheses, arithmetic without powers,
comparisons, AND, OR, IF, FILL with a number or REPEAT, and SUM, AVG, MIN and MAX of arrays.
"""

from __future__ import annotations

import operator
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    Operation = Callable[[float, float], float | None]
    Aggregate = Callable[[Sequence[float | None]], float | None]
    # A part of an expression: its value for the series of the metrics.
    Node = Callable[[Mapping[str, "Series"]], "Value"]

Series = tuple[float | None, ...]
Value = float | Series

_TOKEN: Final = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d*)?|\.\d+)|(?P<name>[A-Za-z]\w*)|(?P<sign>==|!=|<=|>=|&&|\|\||[-+*/<>(),\[\]]))"
)
_ID: Final = re.compile(r"[a-z][A-Za-z0-9_]*")


class ExpressionRefused(ValueError):
    """An expression that CloudWatch does not know, or that is not modeled. The message says why."""


def _divided(dividend: float, divisor: float) -> float | None:
    """A quotient. A data point that would need a division by zero is dropped."""
    return dividend / divisor if divisor else None


_LEVELS: Final[tuple[Mapping[str, Operation], ...]] = (
    {name: lambda left, right: float(bool(left) or bool(right)) for name in ("OR", "||")},
    {name: lambda left, right: float(bool(left) and bool(right)) for name in ("AND", "&&")},
    {
        "==": lambda left, right: float(left == right),
        "!=": lambda left, right: float(left != right),
        "<=": lambda left, right: float(left <= right),
        ">=": lambda left, right: float(left >= right),
        "<": lambda left, right: float(left < right),
        ">": lambda left, right: float(left > right),
    },
    {"+": operator.add, "-": operator.sub},
    {"*": operator.mul, "/": _divided},
)
_AGGREGATES: Final[Mapping[str, Aggregate]] = {
    # Missing values count as 0 ("Basic arithmetic functions", "AVG").
    "SUM": lambda values: sum(value or 0 for value in values),
    "AVG": lambda values: sum(value or 0 for value in values) / len(values),
    # What a missing value counts for is not documented. Here it does not count.
    "MAX": lambda values: max(value for value in values if value is not None),
    "MIN": lambda values: min(value for value in values if value is not None),
}


class Expression:
    """A parsed expression.

    Attributes:
        ids: The ids of the metrics in it.
    """

    def __init__(self, text: str) -> None:
        """Parse an expression.

        Raises:
            ExpressionRefused: if the expression is not one, or is not modeled.
        """
        parser = _Parser(text)
        self._node = parser.whole()
        self.ids = frozenset(parser.ids)
        # Whether a part is a number or a time series shows when it is computed, and does not depend on the values.
        if not isinstance(self._node(dict.fromkeys(self.ids, (1.0,))), tuple):
            raise ExpressionRefused(f"{text!r}: the result must be a time series, not a number")

    def evaluate(self, series: Mapping[str, Series]) -> Series:
        """The result for each period, of series that have the same periods."""
        result = self._node(series)
        assert isinstance(result, tuple)
        return result


@lru_cache(maxsize=256)
def parsed(text: str) -> Expression:
    """A parsed expression.

    Raises:
        ExpressionRefused: as the constructor does.
    """
    return Expression(text)


def _tokens(text: str) -> Iterator[str]:
    position = 0
    while text[position:].strip():
        match = _TOKEN.match(text, position)
        if match is None:
            raise ExpressionRefused(f"{text!r}: cannot read {text[position:].strip()!r}")
        yield match[match.lastgroup or 0]
        position = match.end()


class _Parser:
    """Parses by precedence: OR, AND, comparisons, sums, products, signs."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._rest = [*_tokens(text), ""]
        self.ids: set[str] = set()

    def whole(self) -> Node:
        """The expression as a function of the metrics' series."""
        node = self._level(0)
        if self._rest[0]:
            raise self._refused(self._rest[0])
        return node

    def _refused(self, token: str) -> ExpressionRefused:
        return ExpressionRefused(f"{self._text!r}: {token or 'its end'!r} is not expected, or not modeled")

    def _take(self, expected: str) -> None:
        if self._rest[0] != expected:
            raise self._refused(self._rest[0])
        del self._rest[0]

    def _level(self, number: int) -> Node:
        if number == len(_LEVELS):
            return self._operand()
        node = self._level(number + 1)
        while self._rest[0] in _LEVELS[number]:
            operation = _LEVELS[number][self._rest.pop(0)]
            node = _combined(operation, node, self._level(number + 1))
        return node

    def _operand(self) -> Node:
        token = self._rest.pop(0)
        if token == "-":
            return _combined(operator.sub, lambda _series: 0.0, self._operand())
        if token == "(":
            node = self._level(0)
            self._take(")")
            return node
        if token[:1].isdigit() or token[:1] == ".":
            number = float(token)
            return lambda _series: number
        if self._rest[:1] == ["("]:
            return self._call(token)
        if _ID.fullmatch(token):
            self.ids.add(token)
            return lambda series: series[token]
        self._rest.insert(0, token)
        raise self._refused(token)

    def _call(self, name: str) -> Node:
        self._take("(")
        if name in _AGGREGATES:
            self._take("[")
            members = self._arguments()
            self._take("]")
            self._take(")")
            return lambda series: _aggregated(_AGGREGATES[name], [member(series) for member in members])
        if name == "FILL":
            return self._fill()
        if name == "IF":
            return self._condition()
        raise self._refused(name)

    def _condition(self) -> Node:
        condition = self._level(0)
        self._take(",")
        if_true = self._level(0)
        if_false: Node = lambda _series: (None,)  # noqa: E731 - a node is a function
        if self._rest[0] == ",":
            self._take(",")
            if_false = self._level(0)
        self._take(")")
        return lambda series: _chosen(condition(series), if_true(series), if_false(series))

    def _arguments(self) -> list[Node]:
        found = [self._level(0)]
        while self._rest[0] == ",":
            self._take(",")
            found.append(self._level(0))
        return found

    def _fill(self) -> Node:
        filled = self._level(0)
        self._take(",")
        if self._rest[0] == "REPEAT":
            self._take("REPEAT")
            self._take(")")
            return lambda series: _repeated(filled(series))
        filler = self._level(0)
        self._take(")")
        return lambda series: _filled(filled(series), filler(series))


def _combined(
    operation: Operation,
    left: Node,
    right: Node,
) -> Node:
    """Apply an operation for each period.

    If one of two series has no value, it counts as 0 ("Basic arithmetic functions" and the section after it).
    """

    def node(series: Mapping[str, Series]) -> Value:
        first, second = left(series), right(series)
        if not isinstance(first, tuple) and not isinstance(second, tuple):
            result = operation(first, second)
            if result is None:
                raise ExpressionRefused("a number is divided by zero")
            return result
        both = isinstance(first, tuple) and isinstance(second, tuple)
        needed = 1 if both else 2
        return tuple(
            operation(one or 0, other or 0) if (one is not None) + (other is not None) >= needed else None
            for one, other in _aligned(first, second)
        )

    return node


def _aligned(*values: Value) -> Iterator[tuple[float | None, ...]]:
    """The values of each period. A number, and a missing series, is the same in each."""
    length = max((len(value) for value in values if isinstance(value, tuple)), default=1)
    series = (value if isinstance(value, tuple) else (value,) for value in values)
    return zip(*(each * length if len(each) == 1 else each for each in series), strict=True)


def _aggregated(function: Aggregate, members: Sequence[Value]) -> Series:
    if not any(isinstance(member, tuple) for member in members):
        raise ExpressionRefused("an array must have a time series")
    # A number alone makes no data point.
    series = [index for index, member in enumerate(members) if isinstance(member, tuple)]
    return tuple(
        None if all(values[index] is None for index in series) else function(values) for values in _aligned(*members)
    )


def _chosen(condition: Value, if_true: Value, if_false: Value) -> Series:
    """Choose one of two values for each period ("Using IF expressions")."""
    return tuple(
        None if test is None else (first or 0.0) if test else second
        for test, first, second in _aligned(condition, if_true, if_false)
    )


def _filled(series: Value, filler: Value) -> Series:
    return tuple(other if value is None else value for value, other in _aligned(series, filler))


def _repeated(series: Value) -> Series:
    last: float | None = None
    found = []
    for (value,) in _aligned(series):
        last = last if value is None else value
        found.append(last)
    return tuple(found)
