from __future__ import annotations

import pytest

from sandbox.bench.path.bursts import SHARE, burst, limit_of
from sandbox.bench.path.services.parameters import Services
from sandbox.bench.path.strangers import Attack, vpc_waits, waits


@pytest.mark.parametrize("shards", [1, 4])
def test_every_name_of_a_burst_is_published(shards: int) -> None:
    """Instances that start at once in a few account-regions all get their names, and each quota's need is counted."""
    measured = burst(60, 6, shards)
    assert measured.seconds > 0
    assert measured.limit == 0
    assert measured.quotas.keys() == {"changes", "requests", "describe_instances", "describe_account"}


def test_the_same_seed_gives_the_same_burst() -> None:
    """Nothing depends on the machine."""
    assert burst(30, 2, 4) == burst(30, 2, 4)


def test_limit_of_a_burst() -> None:
    """The changes limit full batches, and the requests limit one call for each name."""
    assert limit_of(10_000, 1.0) == 85
    assert limit_of(10_000, 1.0, changes=2, calls=1) == 995
    assert limit_of(10_000, SHARE) == pytest.approx(127.857, abs=0.001)


def test_services_that_answer_at_once_show_what_orgdns_waits_for() -> None:
    """Without the latencies of the services, a single start waits for orgdns alone; with them, and cold, for longer."""
    own, warm = waits(4, strangers=5, services=Services.instant()), waits(4, strangers=5)
    cold = waits(4, strangers=5, cold=True)
    assert own.seconds[-1] < warm.seconds[-1] < cold.seconds[-1]


def test_strangers_get_their_names_during_an_attack_and_a_burst() -> None:
    """Each one is waited for, and so is the honest burst."""
    measured = waits(4, Attack(20, spans=((0.0, 5.0),)), burst=50, strangers=5)
    assert len(measured.seconds) == 5
    assert measured.quantile(0.99) <= measured.seconds[-1]
    assert measured.burst_seconds > 0


def test_vpcs_of_strangers_are_associated_while_others_flip() -> None:
    """Each one is waited for."""
    assert len(vpc_waits(flipping=1, seconds=10, strangers=3).seconds) == 3
