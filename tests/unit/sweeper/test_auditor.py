"""What an audit finds in zones and ledger, which names it marks, and which await approval."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.runtime.model.names import ForeignRecordSet, Published, RecordSet, Spoke
from hub.runtime.model.status import SpokeStatus
from hub.runtime.sweeper.auditor import NO_TIME
from hub.runtime.sweeper.differences import Difference
from tests.support.build import CORP_ZONE, PAYMENTS, SEARCH, ZONE_IDS, claim, key, record_set, ref
from tests.support.use_cases.auditor_world import HOME, World

OTHER_ZONE = next(zone_id for zone_id in ZONE_IDS.values() if zone_id != CORP_ZONE)


@pytest.fixture
def world() -> World:
    return World()


def foreign(kind: str = "A", name: str = "n1") -> ForeignRecordSet:
    return ForeignRecordSet(key(name).fqdn, kind, "Simple", ("192.0.2.1",), 300)


def test_zone_as_claimed_has_no_marks(world: World) -> None:
    """Names that agree with the ledger, and foreign names, are not marked."""
    world.publish(1, 2, 3)
    world.hold(foreign=(foreign(name="by-hand"),), name="by-hand")
    (status,) = world.audit()
    assert (status.names, status.differences, status.pending_removals, status.fault) == (3, (), (), "")
    assert status.audited_at == status.tried_at
    assert world.statuses.zones[CORP_ZONE] == status
    assert world.ledger.marked == {}


def test_deleted_record_set_is_missing(world: World) -> None:
    """The name is marked, whether all of its record sets are missing or only one of them."""
    world.publish(1, 2)
    del world.zones.record_sets[key("n1")]
    both = (record_set(2, name="n2"), record_set(3, name="n2"))
    world.remember(*both)
    world.ledger.put_claim(replace(claim(3, name="n2"), conflict=claim(2).conflict.SHARE), 1)
    world.ledger.put_claim(replace(claim(2, name="n2"), conflict=claim(2).conflict.SHARE), 1)
    assert world.found() == {Difference.MISSING: 2}
    assert world.marked == {"n1", "n2"}


@pytest.mark.parametrize("edited", [record_set(1, name="n1", ttl=5), record_set(1, name="n1", address="10.9.9.9")])
def test_edited_record_set(world: World, edited: RecordSet) -> None:
    """A record set of orgdns with another TTL or another value is marked as edited."""
    world.publish(1, 2)
    world.hold(edited)
    assert world.found() == {Difference.EDITED: 1}
    assert world.marked == {"n1"}


def test_unclaimed_record_set(world: World) -> None:
    """If its spoke was swept and no instance claims the name, a record set of orgdns is unclaimed."""
    world.publish(1)
    world.hold(record_set(2, name="n2"))
    assert world.found() == {Difference.UNCLAIMED: 1}
    assert world.marked == {"n2"}


def test_unclaimed_record_set_beside_a_claimed_one(world: World) -> None:
    """An unclaimed record set under a name with another holder does not make the name vanish."""
    world.publish(*range(1, 20))
    for number in range(1, 20):
        world.hold(record_set(number, name=f"n{number}"), record_set(number + 100, name=f"n{number}"))
    assert world.found() == {Difference.UNCLAIMED: 19}
    assert len(world.marked) == 19


@pytest.mark.parametrize("kind", ["A", "CNAME"])
def test_foreign_record_set_beside_one_of_orgdns(world: World, kind: str) -> None:
    """A foreign record set beside one of orgdns is found; one of another type blocks nothing."""
    world.publish(1, 2)
    world.hold(record_set(1, name="n1"), foreign=(foreign(kind),))
    world.hold(record_set(2, name="n2"), foreign=(foreign("TXT", "n2"),))
    assert world.found() == {Difference.FOREIGN: 1}
    assert world.marked == {"n1"}


def test_name_in_conflict_is_marked_by_each_audit(world: World) -> None:
    """The foreign record set may be deleted. The name is marked once, although zone and ledger show the conflict."""
    world.ledger.put_claim(claim(1, name="n1"), 1)
    world.ledger.published[key("n1")] = Published(conflict="a foreign record set is in the way")
    world.hold(foreign=(foreign(),), name="n1")
    assert world.found() == {Difference.FOREIGN: 1}
    world.zones.record_sets.clear()
    assert world.found() == {Difference.FOREIGN: 1}


def test_claim_that_was_never_published(world: World) -> None:
    """An audit finds changes that the publisher lost: a new claim, another holder, a batch without an outcome."""
    world.publish(1, 2, 3)
    world.ledger.put_claim(claim(4, name="n4"), 1)
    world.ledger.put_claim(claim(9, name="n1"), 1)
    world.ledger.published[key("n2")] = replace(world.ledger.published[key("n2")], pending=True)
    assert world.found() == {Difference.BEHIND: 3}
    assert world.marked == {"n1", "n2", "n4"}


def test_name_that_differs_twice_is_counted_once(world: World) -> None:
    """A name may differ from the memory of it, and that from the claims: its status counts names, not comparisons."""
    world.publish(1, 2, 3, 4, 5)
    # Edited by hand, and not yet handed to another instance.
    world.hold(record_set(1, name="n1", ttl=5))
    world.ledger.put_claim(claim(9, name="n1"), 1)
    # Deleted by hand of two, while a batch had no outcome.
    world.hold(foreign=(foreign("TXT", "n2"),), name="n2")
    world.ledger.published[key("n2")] = replace(world.ledger.published[key("n2")], pending=True)
    # A record set of nobody beside one that is not published any more.
    world.hold(record_set(3, name="n3"), record_set(8, name="n3"))
    world.ledger.put_claim(claim(9, name="n3"), 1)
    # A foreign record beside a record set that a later instance should hold.
    world.hold(record_set(4, name="n4"), foreign=(foreign("A", "n4"),))
    world.ledger.put_claim(claim(9, name="n4"), 1)
    assert world.found() == {
        Difference.EDITED: 1,
        Difference.MISSING: 1,
        Difference.UNCLAIMED: 1,
        Difference.FOREIGN: 1,
    }
    assert world.marked == {"n1", "n2", "n3", "n4"}


def test_unsettled_name_is_counted_once(world: World) -> None:
    """The zone and the memory of it may both name an owner that the ledger does not have back yet."""
    world.publish(*range(1, 4))
    world.hold(record_set(1, name="n1"), record_set(7, name="n1"))
    published = world.ledger.published
    world.lose_ledger(statuses=False)
    world.ledger.published = published
    assert world.found() == {Difference.UNSETTLED: 3}


def test_withdrawn_claim_that_is_still_published(world: World) -> None:
    """A lost withdrawal is found from the ledger alone."""
    world.publish(1)
    world.ledger.withdraw_claim(key("n1"), ref(1), 2)
    assert world.found() == {Difference.BEHIND: 1}
    assert world.marked == {"n1"}


def test_emptied_ledger_marks_nothing_before_a_sweep(world: World) -> None:
    """A record set of orgdns may be claimed: that is known only after a recent sweep of its spoke."""
    world.publish(*range(1, 40))
    world.lose_ledger(statuses=True)
    assert world.found() == {Difference.UNSETTLED: 39}
    assert world.ledger.marked == {}
    # From now on it is swept, whether or not it has a stack.
    assert world.statuses.spokes == {HOME: SpokeStatus(HOME)}


def test_p9_a_sweep_of_an_earlier_generation_does_not_count(world: World) -> None:
    """After a restore from a backup, the last sweeps of the spokes say nothing about what the ledger has."""
    world.publish(1)
    world.lose_ledger(statuses=False)
    assert world.found() == {Difference.UNSETTLED: 1}
    world.swept(HOME)
    assert world.found() == {Difference.UNCLAIMED: 1}


def test_p9_published_names_no_owner_that_is_known(world: World) -> None:
    """What is published can come from before a loss: names without claims do not vanish before their spoke's sweep."""
    world.publish(*range(1, 40))
    published = world.ledger.published
    world.lose_ledger(statuses=False)
    world.ledger.published = published
    assert world.found() == {Difference.UNSETTLED: 39}
    assert world.statuses.zone_status(CORP_ZONE).pending_removals == ()
    assert world.ledger.marked == {}
    world.swept(HOME)
    assert world.found() == {Difference.BEHIND: 39}


def test_names_of_a_withdrawn_spoke_are_unclaimed(world: World) -> None:
    """If a spoke's names were withdrawn after the grace period, its record sets are unclaimed."""
    other = Spoke(SEARCH.id, "eu-central-1")
    world.statuses.spokes[other] = SpokeStatus(other, withdrawn=True, generation=world.ledger.generation.begun())
    world.hold(replace(record_set(1, name="n1"), holder=str(ref(7, SEARCH.id))))
    assert world.found() == {Difference.UNCLAIMED: 1}


def test_too_many_vanishing_names_await_approval(world: World) -> None:
    """Too many vanishing names await approval, wherever they are found; other differences are marked meanwhile."""
    world.publish(*range(1, 11))
    for number in range(11, 17):
        world.hold(record_set(number, name=f"n{number}"))
    for number in range(17, 23):
        world.publish(number, claimed=False)
    del world.zones.record_sets[key("n1")]
    (status,) = world.audit()
    assert world.marked == {"n1"}
    assert {fqdn.split(".")[0] for fqdn in status.pending_removals} == {f"n{number}" for number in range(11, 23)}
    assert status.pending_names == 12
    world.statuses.approve_zone(CORP_ZONE)
    world.publish(*range(100, 111), claimed=False)
    (status,) = world.audit()
    assert world.marked == {"n1", *(f"n{number}" for number in range(11, 23))}
    assert status.pending_names == 11


def test_account_with_too_many_vanishing_names_awaits_approval_alone(world: World) -> None:
    """The names of one account await approval. Those of another account vanish meanwhile."""
    world.publish(*range(1, 13), claimed=False)
    world.swept(Spoke(SEARCH.id, "eu-central-1"))
    world.hold(replace(record_set(20, name="n20"), holder=str(ref(20, SEARCH.id))))
    (status,) = world.audit()
    assert world.marked == {"n20"}
    assert (status.names, status.pending_names) == (13, 12)


def test_shared_names_belong_to_all_of_their_accounts(world: World) -> None:
    """Names that two accounts share count for neither of them alone."""
    world.publish(*range(1, 8), claimed=False)
    world.swept(Spoke(SEARCH.id, "eu-central-1"))
    for number in range(20, 24):
        mine = record_set(number, name=f"n{number}")
        world.hold(mine, replace(mine, holder=str(ref(number, SEARCH.id))))
    (status,) = world.audit()
    # Seven and four: together more than ten of eleven.
    assert status.pending_names == 11
    assert world.marked == set()


def test_few_vanishing_names_are_marked(world: World) -> None:
    """Names below either limit are marked without approval."""
    world.publish(*range(1, 11), claimed=False)
    assert world.found() == {Difference.BEHIND: 10}
    assert len(world.marked) == 10


def test_listing_that_breaks_finds_no_missing_names(world: World) -> None:
    """A zone that is not listed completely has no missing names, and does not delay other zones."""
    world.publish(1, 2, 3)
    world.zones.breaks_after = 1
    broken, other = world.audit(CORP_ZONE, OTHER_ZONE)
    assert "Throttling" in broken.fault
    assert "Throttling" in other.fault
    assert broken.audited_at == 0
    assert world.ledger.marked == {}
    world.zones.breaks_after = None
    world.zones.closed = True
    assert "AccessDenied" in world.audit()[0].fault


def test_zone_that_was_not_read_has_no_missing_names(world: World) -> None:
    """Only the zones that were listed are compared with the ledger."""
    world.publish(1)
    world.zones.record_sets.clear()
    (status,) = world.audit(OTHER_ZONE)
    assert status.differences == ()
    assert world.ledger.marked == {}


def test_run_without_time_ends_unfinished(world: World) -> None:
    """The status says so, and no name is marked as missing."""
    world.publish(1)
    world.seconds_left = 10
    (status,) = world.audit()
    assert (status.fault, status.audited_at) == (NO_TIME, 0)
    assert world.ledger.marked == {}


def test_nothing_is_audited_while_publishing_is_paused(world: World) -> None:
    """A paused publisher would drop the marks."""
    world.publish(1)
    world.zones.record_sets.clear()
    world.statuses.reason_to_pause = "a change of the zones"
    assert "a change of the zones" in world.audit()[0].fault
    assert world.ledger.marked == {}
    world.statuses.reason_to_pause = None
    assert world.found() == {Difference.MISSING: 1}


def test_unknown_spoke_is_registered(world: World) -> None:
    """An unknown spoke whose record sets are found is registered, so that it is swept and its names are withdrawn."""
    unknown_owner = ref(5, PAYMENTS.id, "us-east-1")
    world.hold(replace(record_set(5, name="n5"), holder=str(unknown_owner)))
    assert world.found() == {Difference.UNSETTLED: 1}
    assert unknown_owner.spoke in world.statuses.spokes
