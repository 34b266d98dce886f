"""A zone that takes no new names and says so in words that nobody expects, on the deployed path."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from moto.route53.exceptions import Route53ClientError

from hub.runtime.installation import DEFAULT_NAMES as NAMES
from orgdns.cli.sources.deployed import deployed
from orgdns.cli.sources.ledger import HubLedger
from orgdns.cli.sources.lookup import Lookup
from sandbox.aws.functions.streams import SHARDS
from sandbox.clock import MovedClock
from sandbox.example import HUB, PAYMENTS, SEARCH
from sandbox.world import Vpc, World
from tests.support.path.odd import REGION
from tests.support.path.sweeps import CORP, names

NEW = 60
# Each instance has three names, 180 in all. Runs of four shards have so few of them that each name is tried alone.
# That is a call for each, and half as many to search. A search for each of them would be many more.
CALLS = 270


@pytest.fixture(scope="module")
def shards() -> int:
    """As many as a new table has: each tries the names that it gets."""
    return SHARDS


def explained(made: World, label: str) -> str:
    """What keeps a name from the zone, as `orgdns explain` says."""
    hub = HubLedger.of(deployed(made.client("lambda", HUB), NAMES), made.client("dynamodb", HUB))
    (report,) = Lookup(hub, lambda _rows: None).names(f"{label}.{CORP}")
    return report.published.conflict or ""


def test_p11_a_full_zone_in_other_words_keeps_no_healthy_name_waiting(
    made: World, clock: MovedClock, remote_vpc: Vpc
) -> None:
    """A handover and an end pass beside many new names, in a few calls, and what was refused is not sent again."""
    (held, ending) = (made.launch(PAYMENTS, REGION, label)[0] for label in ("p11-held", "p11-ending"))
    made.converge()
    clock.advance(60)
    limits = made.route53.limits
    made.route53.limits = replace(limits, record_sets=len(made.route53.record_sets(made.zone_ids[CORP])))

    def said(_error: Route53ClientError, _names: Sequence[str]) -> Route53ClientError:
        return Route53ClientError("InvalidChangeBatch", "there is no place for this")

    made.route53.tamper = said
    try:
        batches = len(made.route53.batches)
        new = [made.launch(SEARCH, REGION, f"p11-{number}")[0] for number in range(NEW)]
        (taking,) = made.launch(SEARCH, REGION, "p11-held")
        made.end(PAYMENTS, REGION, ending)
        made.converge()
        assert made.resolve(f"p11-held.{CORP}", remote_vpc) == {made.address(SEARCH, REGION, taking)}
        assert not made.resolve(f"p11-ending.{CORP}", remote_vpc)
        assert len(made.route53.batches) - batches <= CALLS
        left_out = {f"p11-{number}" for number in range(NEW)} - names(made)
        assert len(left_out) >= NEW - 6
        shown = explained(made, min(left_out))
        assert shown.startswith("Route 53 refused") or "no place" in shown, shown
        batches = len(made.route53.batches)
        made.sweep()
        made.converge()
        assert len(made.route53.batches) == batches
    finally:
        made.route53.limits = limits
        made.route53.tamper = lambda error, _names: error
    made.audit()
    assert names(made) >= {"p11-held", *(f"p11-{number}" for number in range(NEW))}
    made.end(PAYMENTS, REGION, held)
    made.end(SEARCH, REGION, taking, *new)
    made.converge()
