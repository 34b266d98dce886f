"""What `orgdns doctor` finds of history: the historian's place in the ledger's stream, and its bucket."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from orgdns.cli.reports.doctor.diagnosis import diagnosis
from orgdns.cli.reports.doctor.facts import Stream
from orgdns.cli.reports.doctor.finding import Result
from tests.support.cli.doctor import BUCKET, FOLLOWED, LEDGER, WELL


@pytest.mark.parametrize(
    ("check", "facts", "text"),
    [
        (
            "ledger stream",
            {"stream": Stream(LEDGER, (FOLLOWED,), ())},
            "no event source mapping gives the ledger's changes to the historian: deploy the hub template",
        ),
        (
            "ledger stream",
            {"stream": Stream(LEDGER, (FOLLOWED,), (replace(FOLLOWED, state="Disabled"),))},
            "the historian's event source mapping is Disabled, so no history is kept",
        ),
        ("history", {"history": replace(BUCKET, exists=False)}, f"there is no bucket {BUCKET.name}"),
        ("history", {"history": replace(BUCKET, encrypted=False)}, "does not encrypt new objects"),
        ("history", {"history": replace(BUCKET, private=False)}, "put-public-access-block"),
    ],
)
def test_each_problem_is_found_by_its_check(check: str, facts: dict[str, Any], text: str) -> None:
    """The text says what is wrong and what to do. No other check finds a problem."""
    (problem,) = [each for each in diagnosis(replace(WELL, **facts)).findings if each.result is not Result.FINE]
    assert (problem.check, problem.result) == (check, Result.PROBLEM)
    assert text in problem.text


def test_without_history_there_is_nothing_to_check() -> None:
    """With `history.days: 0` there is neither a bucket nor a second reader of the stream."""
    report = diagnosis(replace(WELL, history=None, stream=Stream(LEDGER, (FOLLOWED,))))
    assert report.well
    assert "history" not in {each.check for each in report.findings}
    (stream,) = [each.text for each in report.findings if each.check == "ledger stream"]
    assert "historian" not in stream
