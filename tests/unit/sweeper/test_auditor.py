"""What an audit finds in zones and ledger, which names it marks, and which await approval."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import pytest

from hub.runtime.deadline import Deadline
from hub.runtime.guard import Guard
from hub.runtime.model.names import ForeignRecordSet, Fqdn, NameKey, Published, RecordSet, Spoke
from hub.runtime.model.status import SETTLED_MILLIS, SpokeStatus, ZoneStatus
from hub.runtime.ports import ZoneClosed, ZoneRecordSets, ZoneUnavailable
from hub.runtime.sweeper.auditor import NO_TIME, Auditor, Difference
from tests.support.build import CORP_ZONE, PAYMENTS, SEARCH, ZONE_IDS, claim, key, record_set, ref
from tests.support.memory import MemoryClock, MemoryLedger
from tests.support.memory_statuses import MemoryStatuses

OTHER_ZONE = next(zone_id for zone_id in ZONE_IDS.values() if zone_id != CORP_ZONE)
HOME = ref(1).spoke


@dataclass
class Zones:
    """The names of zones. A listing fails after `breaks_after` names."""

    record_sets: dict[NameKey, ZoneRecordSets] = field(default_factory=dict)
    breaks_after: int | None = None
    closed: bool = False

    def listing(self, zone_id: str) -> Iterator[tuple[Fqdn, ZoneRecordSets]]:
        if self.closed:
            raise ZoneClosed("AccessDenied")
        of_zone = [
            (name_key.fqdn, existing)
            for name_key, existing in sorted(self.record_sets.items())
            if name_key.zone_id == zone_id
        ]
        yield from of_zone[: self.breaks_after]
        if self.breaks_after is not None:
            raise ZoneUnavailable("Throttling")


class World:
    """An auditor, the zones that it reads and the ledger that it marks."""

    def __init__(self) -> None:
        self.clock = MemoryClock(now=10**12)
        self.ledger = MemoryLedger()
        self.statuses = MemoryStatuses(self.clock)
        self.zones = Zones()
        self.seconds_left = 900.0
        self.swept(HOME)

    def swept(self, spoke: Spoke) -> None:
        self.statuses.spokes[spoke] = SpokeStatus(spoke, swept_at=self.clock())

    def audit(self, *zone_ids: str) -> list[ZoneStatus]:
        auditor = Auditor(
            ledger=self.ledger,
            statuses=self.statuses,
            zones=self.zones,
            guard=Guard(share=0.3, names=10, grace=0),
            clock=self.clock,
            paused=self.statuses.paused,
        )
        return auditor.audit(zone_ids or (CORP_ZONE,), Deadline(lambda: self.seconds_left))

    def found(self) -> dict[str, int]:
        """The differences that an audit of the zone counts."""
        (status,) = self.audit()
        assert status.fault == ""
        return dict(status.differences)

    def publish(self, *numbers: int, claimed: bool = True) -> None:
        """Publish names so that claims, memory and zone agree."""
        for number in numbers:
            record = record_set(number, name=f"n{number}")
            self.hold(record)
            self.remember(record)
            if claimed:
                self.ledger.put_claim(claim(number, name=f"n{number}"), 1)

    def hold(self, *owned: RecordSet, foreign: tuple[ForeignRecordSet, ...] = (), name: str = "") -> None:
        name_key = NameKey(CORP_ZONE, owned[0].fqdn) if owned else key(name)
        self.zones.record_sets[name_key] = ZoneRecordSets(tuple(sorted(owned)), foreign)

    def remember(self, *owned: RecordSet, **how: object) -> None:
        self.ledger.published[NameKey(CORP_ZONE, owned[0].fqdn)] = replace(Published(owned), **how)  # type: ignore[arg-type]

    @property
    def marked(self) -> set[str]:
        return {name_key.fqdn.split(".")[0] for name_key in self.ledger.marked}


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


def test_withdrawn_claim_that_is_still_published(world: World) -> None:
    """A lost withdrawal is found from the ledger alone."""
    world.publish(1)
    world.ledger.withdraw_claim(key("n1"), ref(1), 2)
    assert world.found() == {Difference.BEHIND: 1}
    assert world.marked == {"n1"}


def test_emptied_ledger_marks_nothing_before_a_sweep(world: World) -> None:
    """A record set of orgdns may be claimed: that is known only after a recent sweep of its spoke."""
    world.publish(*range(1, 40))
    world.ledger = MemoryLedger()
    world.statuses.spokes.clear()
    assert world.found() == {Difference.UNSETTLED: 39}
    assert world.ledger.marked == {}
    # From now on it is swept, whether or not it has a stack.
    assert world.statuses.spokes == {HOME: SpokeStatus(HOME)}


def test_old_sweep_does_not_count(world: World) -> None:
    """After a restore from a backup, the spokes' last sweeps are too old to count."""
    world.publish(1)
    world.ledger = MemoryLedger()
    world.clock.now += SETTLED_MILLIS + 1_000
    assert world.found() == {Difference.UNSETTLED: 1}
    world.swept(HOME)
    assert world.found() == {Difference.UNCLAIMED: 1}


def test_names_of_a_withdrawn_spoke_are_unclaimed(world: World) -> None:
    """If a spoke's names were withdrawn after the grace period, its record sets are unclaimed."""
    other = Spoke(SEARCH.id, "eu-central-1")
    world.statuses.spokes[other] = SpokeStatus(other, withdrawn=True)
    world.hold(replace(record_set(1, name="n1"), set_identifier=ref(7, SEARCH.id).set_identifier))
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
    world.hold(replace(record_set(5, name="n5"), set_identifier=unknown_owner.set_identifier))
    assert world.found() == {Difference.UNSETTLED: 1}
    assert unknown_owner.spoke in world.statuses.spokes
