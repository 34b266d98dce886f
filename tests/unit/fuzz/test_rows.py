"""A row of the ledger that cannot be read, or that a later runtime wrote: everything else comes to the same."""

from __future__ import annotations

import pytest

from tests.support.fuzz import checks
from tests.support.fuzz.properties import Properties
from tests.support.fuzz.rows import kinds

# As the functions write them in the scenarios; `test_every_kind_of_row` compares.
KINDS = (
    "control backlog",
    "control generation",
    "control pace",
    "control pause",
    "control schedule",
    "labels label",
    "name claim conflict",
    "name claim withdrawn",
    "name drift",
    "name marked",
    "name published",
    "name released",
    "requests",
    "spoke instance",
    "spoke instance ended",
    "spoke instance refusals",
    "spokes",
    "vpcs",
    "vpcs of a VPC",
    "zones",
)

# It says of the whole ledger what is settled, so that it is not about one thing.
OF_ONE_THING = tuple(kind for kind in KINDS if kind != "control generation")


def test_every_kind_of_row(properties: Properties) -> None:
    """A new kind of row needs odd rows, too."""
    assert sorted(kinds(properties.scenarios)) == sorted(KINDS)


@pytest.mark.parametrize("kind", OF_ONE_THING)
def test_p2_an_odd_row_changes_nothing_else(properties: Properties, kind: str) -> None:
    """A row that lacks attributes, or has others, concerns its instance, name, VPC, label or spoke alone."""
    checks.row_concerns_itself(properties, kind)


@pytest.mark.parametrize("kind", OF_ONE_THING)
def test_p2_a_row_of_a_later_runtime_changes_nothing_else(properties: Properties, kind: str) -> None:
    """A row that only a later runtime can read concerns nothing else."""
    checks.later_row_concerns_itself(properties, kind)


@pytest.mark.parametrize("kind", KINDS)
def test_p2_an_odd_row_in_its_place_never_raises(properties: Properties, kind: str) -> None:
    """A row of the instances, names and spokes at work that cannot be read makes no function fail."""
    checks.row_never_raises(properties, kind)
