from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from sandbox.bench.associations import associations
from sandbox.bench.bursts import burst, limit_curve
from sandbox.bench.curves import svg
from sandbox.bench.strategies import STRATEGIES

NAMES, ROLLING = 2_400, 1_600


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
