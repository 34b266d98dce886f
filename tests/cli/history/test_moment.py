"""The times that a person writes."""

from __future__ import annotations

import pytest

from hub.runtime.model.names import Millis
from orgdns.cli.reports.history.moment import MomentInvalid, moment

# 2026-11-24T14:00:00Z
TWO = 1_795_528_800_000
NOW = Millis(TWO + 86_400_000)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-11-24T14:00", TWO),
        ("2026-11-24T14:00Z", TWO),
        ("2026-11-24T15:00+01:00", TWO),
        ("2026-11-24 14:00:00.5", TWO + 500),
        ("2026-11-24", TWO - 14 * 3_600_000),
        ("90m", NOW - 90 * 60_000),
        ("24h", TWO),
        ("3d", NOW - 3 * 86_400_000),
        ("2w", NOW - 14 * 86_400_000),
        ("999999w", 0),
    ],
)
def test_times_that_are_understood(text: str, at: int) -> None:
    """A time without an offset is in UTC; a number with a unit is that long ago."""
    assert moment(text, NOW, "--at") == at


@pytest.mark.parametrize(
    "text", ["", "yesterday", "3", "3y", "-3d", "2026-13-01", "14:00", "0001-01-01T00:00+14:00", "1960-01-01", "\ud800"]
)
def test_other_texts_are_refused(text: str) -> None:
    """The message names the option."""
    with pytest.raises(MomentInvalid, match=r"^--since "):
        moment(text, NOW, "--since")


def test_future_is_refused() -> None:
    """Nobody knows who will have a name."""
    with pytest.raises(MomentInvalid, match="must not be in the future"):
        moment("2026-11-26", NOW, "--at")
