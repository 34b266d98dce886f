from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from sandbox.bench.associations import associations
from sandbox.bench.bursts import burst, limit_curve
from sandbox.bench.curves import logarithmic, svg
from sandbox.bench.growth import inventory
from sandbox.bench.growth.figures import exponent
from sandbox.bench.growth.large import measured, stored
from sandbox.bench.growth.report import MOST_BYTES, MOST_PAGE_BYTES, written
from sandbox.bench.growth.spokes import Organization, schedule_seconds, status_seconds
from sandbox.bench.planning import planned_against_octodns
from sandbox.bench.strategies import STRATEGIES

# More than the bucket of changes holds, which takes two tokens for each name of a rolling update.
NAMES, ROLLING = 2_000, 1_000


@pytest.mark.parametrize("share", [0.7, 1.0])
def test_burst_is_within_a_tenth_of_the_limit(share: float) -> None:
    """New names are published as fast as the share of both buckets allows, and no batch is refused."""
    measured = burst("starts", "orgdns", NAMES, ROLLING, share)
    assert measured.limit <= measured.seconds <= 1.1 * measured.limit
    assert measured.changes == NAMES
    assert measured.calls <= NAMES / 1_000 + 1
    assert measured.curve[-1] == (measured.seconds, NAMES)


@pytest.mark.parametrize("scenario", ["starts", "starts with PTR", "ends", "rolling"])
def test_other_strategies_take_longer(scenario: str) -> None:
    """Each strategy leaves the zones correct and is never throttled; the publisher is within 10 % of the limit."""
    ours, upserts, with_txt = (burst(scenario, strategy, NAMES, ROLLING) for strategy in STRATEGIES)
    assert ours.limit <= ours.seconds <= 1.1 * ours.limit + 0.1
    assert upserts.seconds > with_txt.seconds > ours.seconds
    assert upserts.calls == upserts.curve[-1][1]


@pytest.mark.parametrize(("vpcs", "share"), [(60, 1.0), (40, 0.1)])
def test_associations_are_within_a_tenth_of_the_limit(vpcs: int, share: float) -> None:
    """VPCs are associated as fast as the owner's buckets allow, with two calls of the owner for each."""
    measured = associations(vpcs, 10, share)
    assert measured.limit <= measured.seconds <= 1.1 * measured.limit + 0.1
    assert measured.owners_calls == 2 * vpcs


def test_limit_curve() -> None:
    """The bucket's whole content at once, and then its refill."""
    assert limit_curve(10_000, 1) == [(0.0, 1_500), (85.0, 10_000)]
    assert limit_curve(1_000, 1) == [(0.0, 1_000), (0.0, 1_000)]
    assert limit_curve(2_000, 2) == [(0.0, 750), (25.0, 2_000)]


def test_picture_is_valid_and_reproducible() -> None:
    """Well-formed SVG with each curve's name and last second; characters of names are escaped."""
    curves = {"a <b>": [(0.0, 0), (10.0, 50)], "limit": [(0.0, 20), (5.0, 50)]}
    picture = svg("title & more", "records", curves, "limit")
    assert picture == svg("title & more", "records", curves, "limit")
    root = ET.fromstring(picture)  # noqa: S314 - made here
    texts = {text.text for text in root.iter("{http://www.w3.org/2000/svg}text")}
    assert {"title & more", "a <b>: 10 s", "limit: 5 s"} <= texts
    assert sum("stroke-dasharray" in line.attrib for line in root.iter("{http://www.w3.org/2000/svg}polyline")) == 1


def test_logarithmic_picture_is_valid_and_reproducible() -> None:
    """Each curve has its name and its last value, and what is ten times as much is a step of the axis away."""
    curves = {"rows & more": {1_000: 3_000.0, 10_000: 30_000.0}, "calls": {1_000: 1.0, 10_000: 10.0}}
    picture = logarithmic("growth", "instances", curves)
    assert picture == logarithmic("growth", "instances", curves)
    root = ET.fromstring(picture)  # noqa: S314 - made here
    texts = {text.text for text in root.iter("{http://www.w3.org/2000/svg}text")}
    assert {"rows & more: 30,000", "calls: 10", "1,000", "10,000", "10^0"} <= texts


def test_exponent_is_the_slope_between_the_two_largest_sizes() -> None:
    """What is linear has 1 and what is quadratic 2, whatever small sizes add."""
    assert exponent({10: 99.0, 1_000: 2_000.0, 100: 200.0}) == pytest.approx(1)
    assert exponent({100: 1.0, 1_000: 100.0}) == pytest.approx(2)


@pytest.mark.parametrize(("what", "calls"), [("sweep", 1 + 10 + 1), ("audit", 4 + 10 + 2)])
def test_growth_counts_calls_and_memory(what: str, calls: int) -> None:
    """A sweep and an audit of 1,000 read what they should, page by page."""
    found = measured(what, 1_000)
    assert found.calls == calls
    assert found.peak > 1_000_000
    assert found.seconds > 0


def test_ledger_has_three_rows_for_an_instance_with_one_name() -> None:
    """The bytes are those of a sample, so few instances have exactly a tenth of ten times as many."""
    (rows, size), (more_rows, more_size) = stored(1_000), stored(10_000)
    assert (rows, more_rows) == (3_000, 30_000)
    assert size * 10 == pytest.approx(more_size, rel=0.01)


def test_report_of_some_names() -> None:
    """The page has all of a few names, and a process of its own measures it."""
    few, more = written(100), written(300)
    assert 0 < few.page < more.page < MOST_PAGE_BYTES
    assert few.peak < MOST_BYTES


@pytest.mark.parametrize(
    ("what", "names", "most_units"),
    [("csv", 400, 0.2 * 400), ("ansible", 400, 0.2 * 400), ("list", 1, 0.2 * 400), ("account", 2, 2)],
)
def test_lists_and_exports_of_some_names(what: str, names: int, most_units: float) -> None:
    """Each selects what it should, and costs what docs/inventory.md says. An account is found without a scan."""
    found = inventory.read(what, 400)
    assert found.names == names
    assert 0 < found.units <= most_units < inventory.consistent_units(400)
    assert found.written > names * 100
    assert found.peak < MOST_BYTES


def test_schedule_and_status_of_some_spokes() -> None:
    """Both read every status, and the schedule enqueues what is due."""
    organization = Organization(34)
    assert schedule_seconds(organization) > 0
    assert status_seconds(organization) > 0


def test_octodns_and_orgdns_plan_the_same_names() -> None:
    """Both see the same names change, of new names and of a zone that is planned again."""
    figure = planned_against_octodns(names=100, runs=1)
    assert figure.value > 1
    assert figure.others["again"] > 1
