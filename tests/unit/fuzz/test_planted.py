"""The properties of odd inputs find faults: each of these, planted, within the cases of `make test`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from hub.runtime.aws import instances
from tests.support.fuzz import checks
from tests.support.fuzz.extras import CASES
from tests.support.fuzz.properties import Properties

_INSTANCES = next(case for case in CASES if case.operation == "ec2.DescribeInstances")


def parsed(parse: Callable[[Any], Any], value: Any, _what: object) -> Any:  # noqa: ANN401 - as the parser's
    """A parser outside of `readable`."""
    return parse(value)


def lenient(answer: Mapping[str, Any], field: str) -> Any:  # noqa: ANN401 - a field of any type
    """A field that may be missing, where it is required."""
    return answer.get(field, [])


def test_a_parser_outside_of_readable_is_found(properties: Properties, monkeypatch: pytest.MonkeyPatch) -> None:
    """One odd instance then stops its spoke, or the whole batch."""
    monkeypatch.setattr(instances, "readable", parsed)
    with pytest.raises(Exception):  # noqa: B017, PT011 - whatever the parser raises, or a difference
        checks.concerns_itself(properties, _INSTANCES)


def test_a_listing_that_is_not_required_is_found(properties: Properties, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer without its listing then looks like a spoke without instances."""
    monkeypatch.setattr(instances, "required", lenient)
    with pytest.raises(AssertionError, match="Reservations"):
        checks.removes_nothing(properties, _INSTANCES.operation)
