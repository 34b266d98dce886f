"""What is said of an account and region that nobody knows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.runtime.model.names import Spoke
from orgdns.cli.reports.nearest import nearest, unknown_spokes

KNOWN = frozenset(
    {
        Spoke("444444444444", "eu-central-1"),
        Spoke("444444444444", "eu-north-1"),
        Spoke("555555555555", "us-east-1"),
    }
)
spokes = st.builds(Spoke, st.sampled_from(["444444444444", "1" * 12]), st.sampled_from(["eu-north-1", "eu-west-1"]))


def test_region_with_a_typing_error() -> None:
    """The message names the spoke that was meant, and the regions of the account."""
    said = unknown_spokes([Spoke("444444444444", "eu-nroth-1")], KNOWN)
    assert said == (
        "neither StackSets nor the ledger knows 444444444444/eu-nroth-1 (did you mean 444444444444/eu-north-1?). "
        "They know in 444444444444: eu-central-1, eu-north-1"
    )


def test_account_that_is_not_known() -> None:
    """Nothing is alike: the message says how much is known, and where it is listed."""
    said = unknown_spokes([Spoke("999999999999", "ap-south-1")], KNOWN)
    assert "knows 999999999999/ap-south-1. They know 2 accounts, which orgdns coverage lists" in said


@pytest.mark.parametrize(("text", "meant"), [("vpc-0a1b2c3d", " (did you mean vpc-0a1b2c3e?)"), ("web", "")])
def test_nearest(text: str, meant: str) -> None:
    """Only what is alike is suggested."""
    assert nearest(text, ["vpc-0a1b2c3e", "vpc-99999999"]) == meant


@given(wanted=st.lists(spokes), known=st.frozensets(spokes))
def test_exactly_the_unknown_ones_are_named(wanted: list[Spoke], known: frozenset[Spoke]) -> None:
    """Without an unknown spoke there is nothing to say; each unknown one is named."""
    said = unknown_spokes(wanted, known)
    missing = set(wanted) - known
    assert bool(said) == bool(missing)
    assert all(str(spoke) in said for spoke in missing)
