"""An odd message of a queue or an odd record of the stream: all others come to the same as without it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.runtime import contract
from tests.support.fuzz.messages import BODIES, SCENARIOS, TEXTS, of_images, of_queue, of_stream, state_change
from tests.support.fuzz.mutations import Mutation, cases, mutations, present
from tests.support.fuzz.organization import NINE, ZONES, ref
from tests.support.fuzz.properties import Properties

_MESSAGE = of_queue(NINE, state_change(NINE))
_NAME = f"{contract.NAME_PREFIX}{ZONES['corp.internal.']}#web9.corp.internal."
(_CHANGE,) = of_stream([(_NAME, f"{contract.CLAIM_PREFIX}{ref(NINE)}")])
_CHANGE["dynamodb"]["SequenceNumber"] = "13021600000000000000"


(_IMAGE,) = of_images(
    [
        {contract.PARTITION_KEY: {"S": _NAME}, contract.SORT_KEY: {"S": contract.PUBLISHED_KEY}}
        | {"at": {"N": "1800000000000"}, "seen": {"N": "1800000000000"}, "pending": {"BOOL": False}}
        | {"record_sets": {"L": []}, "rules": {"M": {}}}
    ]
)
_IMAGE["dynamodb"]["SequenceNumber"] = "13021600000000000000"


def paths(record: dict[str, Any]) -> list[tuple[str, ...]]:
    """The paths of a record, without what Lambda identifies it by."""
    return [path for path in present(record) if path[-1] not in {"messageId", "SequenceNumber"}]


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_an_odd_message_changes_nothing_else(properties: Properties, body: dict[str, Any]) -> None:
    """An event or task with odd content is dropped or concerns itself alone."""

    @cases(8)
    @given(st.sampled_from(SCENARIOS), mutations(frozenset(present(body)), frozenset({()})))
    def changes_nothing_else(name: str, changes: list[Mutation]) -> None:
        assert properties.odd_message(name, body, changes) == {}

    changes_nothing_else()


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: repr(text[:20]))
def test_a_text_that_is_no_message_changes_nothing_else(properties: Properties, text: str) -> None:
    """A message that is not JSON, or is nothing but a number, is dropped."""
    record = of_queue(NINE, text)
    assert [properties.odd_record(name, record, []) for name in SCENARIOS] == [{}] * len(SCENARIOS)


@cases(60)
@given(st.sampled_from(SCENARIOS), mutations(paths(_MESSAGE)))
def test_an_odd_record_of_a_queue_changes_nothing_else(
    properties: Properties, name: str, changes: list[Mutation]
) -> None:
    """A record of a queue that lacks something, or has it in another form, is dropped."""
    assert properties.odd_record(name, _MESSAGE, changes) == {}


@cases(60)
@given(st.sampled_from(["claims", "further claims", "first claims"]), mutations(paths(_CHANGE)))
def test_p3_an_odd_record_of_the_stream_changes_nothing_else(
    properties: Properties, name: str, changes: list[Mutation]
) -> None:
    """A change of a row with a key of another form is dropped; the names of the batch are published."""
    assert properties.odd_record(name, _CHANGE, changes) == {}


@cases(60)
@given(st.sampled_from(["first changes", "changes"]), mutations(paths(_IMAGE)))
def test_an_odd_image_changes_nothing_else(properties: Properties, name: str, changes: list[Mutation]) -> None:
    """A change of a row of another form is reported and skipped; the others of the batch are kept."""
    assert properties.odd_record(name, _IMAGE, changes) == {}
