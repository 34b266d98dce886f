from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.fuzz.functions import deployed
from tests.support.fuzz.properties import Properties
from tests.support.fuzz.scenarios import Scenarios

_FOLDER = Path(__file__).parent
_ROWS = (
    "control generation",
    "control schedule",
    "name claim conflict",
    "name claim withdrawn",
    "name drift",
    "name marked",
    "name published",
    "spoke instance",
    "spoke instance ended",
    "spoke instance refusals",
    "spokes",
    "zones",
)
# What the functions do not read one by one yet: instances, record sets, records of events, and rows of the ledger. Each
# is removed from here with the change that makes it pass.
OPEN = {
    "test_a_parser_outside_of_readable_is_found",
    "test_an_odd_answer_never_raises[ec2.DescribeInstances]",
    "test_an_odd_answer_never_raises[route53.ListResourceRecordSets]",
    "test_an_odd_record_of_a_queue_changes_nothing_else",
    "test_an_odd_thing_changes_nothing_else[ec2.DescribeInstances in events]",
    "test_an_odd_thing_changes_nothing_else[ec2.DescribeInstances in nothing new]",
    "test_an_odd_thing_changes_nothing_else[route53.ListResourceRecordSets in first claims]",
    "test_p3_an_odd_record_of_the_stream_changes_nothing_else",
    *(
        f"test_p2_{name}[{row}]"
        for name in (
            "an_odd_row_changes_nothing_else",
            "a_row_of_a_later_runtime_changes_nothing_else",
            "an_odd_row_in_its_place_never_raises",
        )
        for row in _ROWS
    ),
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Expect that what is open may fail."""
    for item in items:
        if _FOLDER in item.path.parents and item.name in OPEN:
            item.add_marker(pytest.mark.xfail(strict=False, reason="not read one by one yet"))


@pytest.fixture(scope="module")
def properties() -> Iterator[Properties]:
    """The functions over APIs in memory, in every scenario."""
    with deployed() as functions:
        yield Properties(functions, Scenarios(functions))
