"""Conditions, wildcards and ARNs in IAM policies. Pure.

A simulation of what AWS documents in "IAM JSON policy elements: Condition"
(https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition.html).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

Context = Mapping[str, str | tuple[str, ...]]
"""A request's condition keys: a string for a single-valued key, a tuple for a multivalued one."""

ARN_PARTS: Final = 6
_BOOLEANS: Final = frozenset({"true", "false"})


class PolicyError(ValueError):
    """A policy document that cannot be read, or that uses what is not modeled."""


def conditions_hold(conditions: object, context: Context) -> bool:
    """Whether every operator holds for each of its keys. Of several values in the policy, one match suffices."""
    if not isinstance(conditions, Mapping):
        raise PolicyError(f"a Condition must be an object: {conditions!r}")
    # Condition keys are not case-sensitive.
    values = {key.lower(): value for key, value in context.items()}
    results = [_operator_holds(operator, keys, values) for operator, keys in conditions.items()]
    return all(results)


def _operator_holds(operator: str, keys: object, context: Context) -> bool:
    if not isinstance(keys, Mapping) or not keys:
        raise PolicyError(f"{operator} must contain condition keys: {keys!r}")
    parsed = _Operator.parse(operator)
    results = [parsed.holds(strings(keys, key), key, context.get(key.lower())) for key in keys]
    return all(results)


@dataclass(frozen=True, slots=True)
class _Operator:
    """A condition operator with its set qualifier and `IfExists`.

    "IAM JSON policy elements: Condition operators"
    (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html) and "Set
    operators for multivalued context keys"
    (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html).
    """

    name: str
    qualifier: str
    if_exists: bool

    @classmethod
    def parse(cls, text: str) -> _Operator:
        """Parse the name of an operator in a policy."""
        qualifier, _, rest = text.rpartition(":")
        name = rest.removesuffix("IfExists")
        operator = cls(name, qualifier, name != rest)
        if name not in _COMPARISONS or qualifier not in {"", "ForAllValues", "ForAnyValue"}:
            raise PolicyError(f"this condition operator is not modeled: {text}")
        if name == "Null" and (qualifier or operator.if_exists):
            raise PolicyError(f"Null takes neither a set operator nor IfExists: {text}")
        return operator

    def holds(self, expected: Collection[str], key: str, actual: str | tuple[str, ...] | None) -> bool:
        """Whether the condition holds for a key's value in the request; None or () if the key is absent."""
        values = () if actual is None else (actual,) if isinstance(actual, str) else actual
        if self.name in {"Null", "Bool"} and not {value.lower() for value in expected} <= _BOOLEANS:
            raise PolicyError(f"{self.name} of {key} must be true or false, not {expected!r}")
        if self.name == "Null":
            return str(not values).lower() in {value.lower() for value in expected}
        if not values:
            # Key absent: ForAllValues holds, ForAnyValue does not; without these, negated operators and IfExists hold.
            negated = "Not" in self.name and not self.qualifier
            return self.if_exists or negated or self.qualifier == "ForAllValues"
        if self.qualifier == "" and isinstance(actual, tuple):
            raise PolicyError(f"{key} has several values: {self.name} needs ForAllValues or ForAnyValue")
        results = [self._compare(expected, value) for value in values]
        return any(results) if self.qualifier == "ForAnyValue" else all(results)

    def _compare(self, expected: Collection[str], value: str) -> bool:
        compare = _COMPARISONS[self.name]
        found = any(compare(pattern, value) for pattern in expected)
        return found != ("Not" in self.name)


def strings(container: Mapping[str, object], key: str) -> tuple[str, ...]:
    """The string or strings under a key. Policy variables are not modeled."""
    values = tuple(_flat(container.get(key, ())))
    for value in values:
        if "${" in value:
            raise PolicyError(f"policy variables are not modeled: {value!r}")
    if key in container and not values:
        raise PolicyError(f"{key} is empty")
    return values


def _flat(value: object) -> Iterator[str]:
    match value:
        case bool():
            # JSON's own booleans are valid where a policy expects "true" or "false".
            yield str(value).lower()
        case str():
            yield value
        case list() | tuple():
            for each in value:
                yield from _flat(each)
        case _:
            raise PolicyError(f"expected a string or a list of strings, not {value!r}")


@lru_cache(maxsize=4096)
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile("".join({"*": ".*", "?": "."}.get(char, re.escape(char)) for char in text), re.DOTALL)


def like(pattern: str, value: str) -> bool:
    """Whether a value matches a pattern with `*` (any characters) and `?` (one character). Case-sensitive."""
    return _pattern(pattern).fullmatch(value) is not None


def arn_parts(arn: str) -> list[str]:
    """The six parts of an ARN, of which the last may contain colons; fewer or none if it is not an ARN."""
    return arn.split(":", ARN_PARTS - 1) if arn.startswith("arn:") else []


def arn_like(pattern: str, value: str) -> bool:
    """Whether each of an ARN's six parts matches. A wildcard does not extend over the colon between two parts."""
    patterns, values = arn_parts(pattern), arn_parts(value)
    return len(patterns) == len(values) == ARN_PARTS and all(map(like, patterns, values))


def _equal(expected: str, value: str) -> bool:
    return expected == value


def _bool(expected: str, value: str) -> bool:
    return expected.lower() == value.lower()


# ArnEquals and ArnLike behave alike, as AWS documents. Negated operators compare as their opposites do.
_COMPARISONS: Final = {
    "StringEquals": _equal,
    "StringNotEquals": _equal,
    "StringLike": like,
    "StringNotLike": like,
    "ArnEquals": arn_like,
    "ArnLike": arn_like,
    "ArnNotEquals": arn_like,
    "ArnNotLike": arn_like,
    "Bool": _bool,
    "Null": _bool,
}
