"""Texts and log lines are bounded, and can always be stored and logged."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.runtime import telemetry
from hub.runtime.associator.ports import AssociationRefused
from hub.runtime.boundary.texts import MAX_ITEMS, MAX_LINE, MAX_TEXT, bounded, bounded_fields, storable
from hub.runtime.messages import short
from hub.runtime.ports import (
    Fault,
    LedgerUnavailable,
    SpokeClosed,
    SpokeDenied,
    SpokesUnknown,
    SpokeUnreachable,
    TasksNotSent,
    ZoneClosed,
    ZoneUnavailable,
)

MEGABYTE = "\U0001f600" * 1_000_000
# Bytes: the characters of the values, as JSON each at most six, and their punctuation and names.
LONGEST_LINE = 6 * MAX_LINE + 20_000
FIELDS = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(categories=["L", "Cs", "So", "Cc"]), max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


def _enlarged(value: Any) -> Any:  # noqa: ANN401 - any field
    """The value with long texts and long lists."""
    match value:
        case str():
            return value * 1_000
        case list():
            return [_enlarged(each) for each in value] * 120
        case dict():
            return {name: _enlarged(each) for name, each in value.items()}
        case _:
            return value


def test_a_text_is_cut_where_it_is_too_long() -> None:
    """A text that just fits does not change; a longer one ends with an ellipsis."""
    assert bounded("web", 3) == "web"
    assert bounded("web-1", 3) == "web..."
    assert storable("a\ud800b") == "a?b"


@pytest.mark.parametrize(
    "fault",
    [
        AssociationRefused,
        LedgerUnavailable,
        SpokeClosed,
        SpokeDenied,
        SpokeUnreachable,
        SpokesUnknown,
        TasksNotSent,
        ZoneClosed,
        ZoneUnavailable,
    ],
)
def test_what_aws_says_is_bounded_in_every_fault(fault: type[Fault]) -> None:
    """The faults of spokes, zones and VPCs are stored in the ledger and logged."""
    assert len(str(fault(f"AWS says {MEGABYTE}\ud800"))) == MAX_TEXT + len("...")
    assert str(fault("AccessDenied")) == "AccessDenied"


@given(st.dictionaries(st.text(max_size=8), FIELDS, max_size=4))
def test_a_log_line_is_bounded_json_whatever_its_fields_contain(fields: dict[str, Any]) -> None:
    """No field keeps the line from being logged, and all of them together do not make it long."""
    for each in (fields, _enlarged(fields)):
        line = telemetry.serialized(each)
        json.loads(line)
        assert len(line.encode()) <= LONGEST_LINE


@pytest.mark.parametrize(
    "value",
    [
        MEGABYTE,
        [MEGABYTE] * 1_000,
        {MEGABYTE: MEGABYTE},
        {str(number): MEGABYTE for number in range(1_000)},
        [[[MEGABYTE] * 1_000] * 1_000] * 1_000,
        ValueError(MEGABYTE),
        10**5_000,
    ],
    ids=["text", "list", "name", "mapping", "nested", "error", "number"],
)
def test_a_megabyte_anywhere_in_a_message_gives_a_bounded_line(value: object, caplog: pytest.LogCaptureFixture) -> None:
    """Nothing that AWS or a person sends makes a log line longer than a few kilobytes."""
    telemetry.logger.warning("task will be retried", extra={"task": value, "reason": "last"})
    telemetry.logger.warning(MEGABYTE)
    lines = [telemetry.logger.registered_formatter.format(record) for record in caplog.records]
    assert max(len(line.encode()) for line in lines) < LONGEST_LINE
    assert json.loads(lines[0])["message"] == "task will be retried"


def test_an_ordinary_line_is_not_changed() -> None:
    """What fits is logged as it is; of a long list, the first items and how many more there are."""
    fields = {"a": "x", "n": 1, "ratio": 0.5, "none": None, "yes": True, "of": {"b": ["c", 2]}}
    assert bounded_fields(fields) == fields
    shown = bounded_fields({"names": tuple(map(str, range(MAX_ITEMS + 7)))})["names"]
    assert shown == [*map(str, range(MAX_ITEMS)), "and 7 more"]


def test_untrusted_values_of_messages_are_short() -> None:
    """A reason to drop a message quotes at most 80 characters of it."""
    assert len(short({"a": MEGABYTE})) == 80 + len("...")
