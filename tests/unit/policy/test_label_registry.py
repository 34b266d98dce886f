"""Which account has a label, which labels are reserved, and what happens if two functions change a row at once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.runtime.model.labels import RELEASE_MILLIS, SEARCH_MILLIS, HeldLabel, reserved_labels
from hub.runtime.model.names import NEVER, Fqdn, Millis, NameKey
from hub.runtime.policy.label_registry import ATTEMPTS, LabelRegistry
from hub.runtime.ports import LedgerUnavailable, Outdated
from tests.support.build import CORP, CORP_ZONE, PAYMENTS, SCIENCE, SEARCH, claim, key
from tests.support.memory import MemoryClock, MemoryLedger

REVERSE = Fqdn("10.in-addr.arpa.")
ZONES = {CORP: CORP_ZONE, Fqdn("instances.internal."): "Z0INSTANCES0INTERNAL0", REVERSE: "Z0REVERSE"}


@pytest.fixture
def ledger() -> MemoryLedger:
    return MemoryLedger()


def registry(ledger: MemoryLedger, clock: MemoryClock | None = None, **pinned: str) -> LabelRegistry:
    by_account = {account: label for label, account in pinned.items()}
    return LabelRegistry(ledger, ledger, by_account, ZONES, clock or MemoryClock())


def keeps_its_name(_account: str, _label: str) -> bool:
    return True


def was_renamed(_account: str, _label: str) -> bool:
    return False


class TestReserved:
    def test_label_is_reserved_for_its_account(self, ledger: MemoryLedger) -> None:
        """A label that an account takes is reserved, until the account's name no longer gives it."""
        labels = registry(ledger)
        assert not labels.take(PAYMENTS.id, "payments", keeps_its_name)
        assert not labels.take(SEARCH.id, "search", keeps_its_name)
        assert labels.reserved() == {"payments": PAYMENTS.id, "search": SEARCH.id}
        assert not labels.take(SEARCH.id, "find", keeps_its_name)
        assert labels.reserved() == {"payments": PAYMENTS.id, "find": SEARCH.id}
        assert labels.released(SEARCH.id) == {"search"}
        assert not labels.released(PAYMENTS.id)

    @pytest.mark.parametrize("zone", sorted(ZONES))
    def test_label_of_a_name_that_another_account_has_is_not_reserved(self, ledger: MemoryLedger, zone: str) -> None:
        """The other account keeps the name, and the account gets the label, without its names being in danger."""
        domain = Fqdn(zone)
        held = replace(claim(account=SEARCH.id), key=NameKey(ZONES[domain], Fqdn(f"db.{domain}")))
        ledger.put_claim(held, 1)
        labels = registry(ledger)
        assert not labels.take(SCIENCE.id, "db", keeps_its_name)
        # Reverse zones have no labels of accounts.
        assert labels.reserved() == ({"db": SCIENCE.id} if domain == REVERSE else {})

    def test_own_and_deeper_names_do_not_matter(self, ledger: MemoryLedger) -> None:
        """Only a name of another account, directly below a zone, is the label."""
        ledger.put_claim(claim(1, name="payments"), 1)
        ledger.put_claim(claim(2, name="web.payments", account=SEARCH.id), 1)
        ledger.put_claim(claim(3, name="payments-1", account=SEARCH.id), 1)
        labels = registry(ledger)
        assert not labels.take(PAYMENTS.id, "payments", keeps_its_name)
        assert labels.reserved() == {"payments": PAYMENTS.id}

    def test_label_that_is_taken_back_is_reserved_anew(self, ledger: MemoryLedger) -> None:
        """While it was released, another account may have chosen the name. It keeps that name."""
        labels = registry(ledger)
        labels.take(PAYMENTS.id, "payments", keeps_its_name)
        labels.take(PAYMENTS.id, "", keeps_its_name)
        assert labels.reserved() == {}
        ledger.put_claim(claim(name="payments", account=SEARCH.id), 1)
        assert not labels.take(PAYMENTS.id, "payments", keeps_its_name)
        assert (labels.reserved(), labels.released(PAYMENTS.id)) == ({}, frozenset())
        # For a day after the instance ended, its account may start the next one.
        ref = claim(account=SEARCH.id).instance
        ledger.withdraw_claim(key("payments"), ref, 2)
        labels.take(PAYMENTS.id, "", keeps_its_name)
        labels.take(PAYMENTS.id, "payments", keeps_its_name)
        assert labels.reserved() == {}
        del ledger.claims[key("payments"), ref]
        labels.take(PAYMENTS.id, "", keeps_its_name)
        labels.take(PAYMENTS.id, "payments", keeps_its_name)
        assert labels.reserved() == {"payments": PAYMENTS.id}

    def test_labels_of_the_configuration_are_reserved_from_the_start(self, ledger: MemoryLedger) -> None:
        """Also for an account that has no instance yet, and whoever has the label now."""
        assert registry(ledger).take(SCIENCE.id, "treasury", keeps_its_name) == ""
        labels = registry(ledger, treasury=PAYMENTS.id)
        labels.read()
        assert labels.reserved() == {"treasury": PAYMENTS.id}
        held = [HeldLabel("free"), HeldLabel("a", SCIENCE.id, reserved=False), HeldLabel("b", SCIENCE.id)]
        assert reserved_labels(held, {PAYMENTS.id: "a"}) == {"a": PAYMENTS.id, "b": SCIENCE.id}


class TestHolders:
    def test_label_of_another_account(self, ledger: MemoryLedger) -> None:
        """The reason tells whether the other account still has the name."""
        registry(ledger).take(PAYMENTS.id, "payments", keeps_its_name)
        labels = registry(ledger)
        assert "which had that name first" in labels.take(SCIENCE.id, "payments", keeps_its_name)
        assert not labels.released(PAYMENTS.id)
        for _ in range(2):
            assert "belonged to the account" in labels.take(SCIENCE.id, "payments", was_renamed)
        assert labels.released(PAYMENTS.id) == {"payments"}
        # A repeat does not begin anew.
        assert ledger.held_labels["payments"].version == 2

    def test_label_that_the_configuration_gives_to_another_account(self, ledger: MemoryLedger) -> None:
        """An account that had the label before gives it up."""
        registry(ledger).take(SCIENCE.id, "treasury", keeps_its_name)
        labels = registry(ledger, treasury=PAYMENTS.id)
        assert (labels.pinned(PAYMENTS.id), labels.pinned(SCIENCE.id)) == ("treasury", "")
        reason = labels.take(SCIENCE.id, "treasury", keeps_its_name)
        assert reason == f"the configuration gives the label 'treasury' to the account {PAYMENTS.id}"
        assert labels.released(SCIENCE.id) == {"treasury"}
        assert "belonged to the account" in labels.take(PAYMENTS.id, "treasury", was_renamed)

    def test_label_of_the_configuration_needs_no_answer_of_the_account_that_had_it(self, ledger: MemoryLedger) -> None:
        """That account may have no instance any more, so that no function looks it up, and may keep its name."""
        registry(ledger).take(SCIENCE.id, "treasury", keeps_its_name)
        labels = registry(ledger, treasury=PAYMENTS.id)
        assert "belonged to the account" in labels.take(PAYMENTS.id, "treasury", keeps_its_name)
        assert labels.released(SCIENCE.id) == {"treasury"}

    def test_registered_account_costs_no_write(self, ledger: MemoryLedger) -> None:
        """Nothing is written as long as nothing changes, and nothing is read for 15 minutes."""
        clock = MemoryClock()
        registry(ledger, clock).take(PAYMENTS.id, "payments", keeps_its_name)
        ledger.fail_at = 0
        labels = registry(ledger, clock)
        for _ in range(3):
            assert not labels.take(PAYMENTS.id, "payments", keeps_its_name)
        ledger.held_labels.clear()
        clock.sleep(899)
        assert not labels.take(PAYMENTS.id, "payments", keeps_its_name)
        clock.sleep(1)
        with pytest.raises(LedgerUnavailable):
            labels.take(PAYMENTS.id, "payments", keeps_its_name)


class TestTwoFunctions:
    def test_row_that_another_function_changed_is_read_again(self, ledger: MemoryLedger) -> None:
        """Of two functions that give a free label to two accounts, one succeeds, and the other learns of it."""
        first, second = registry(ledger), registry(ledger)
        first.read()
        second.take(SEARCH.id, "other", keeps_its_name)
        assert not first.take(PAYMENTS.id, "payments", keeps_its_name)
        assert PAYMENTS.id in second.take(SCIENCE.id, "payments", keeps_its_name)

    def test_rows_that_change_all_the_time_are_left_for_later(self) -> None:
        """The account is looked up again with the next message."""
        tries: list[HeldLabel] = []

        class Busy(MemoryLedger):
            def put_label(self, held: HeldLabel) -> None:
                tries.append(held)
                raise Outdated(held.label)

        with pytest.raises(LedgerUnavailable, match="keep changing"):
            registry(Busy()).take(PAYMENTS.id, "payments", keeps_its_name)
        assert len(tries) == ATTEMPTS


class TestDue:
    HELD = HeldLabel("a", PAYMENTS.id, released_at=Millis(10), version=3)

    @pytest.mark.parametrize(
        ("held", "now", "due"),
        [
            (HELD, RELEASE_MILLIS + 9, False),
            (HELD, RELEASE_MILLIS + 10, True),
            (replace(HELD, released_at=NEVER), RELEASE_MILLIS + 10, False),
            (HeldLabel("a"), RELEASE_MILLIS + 10, False),
            (replace(HELD, searched_at=Millis(RELEASE_MILLIS)), RELEASE_MILLIS + SEARCH_MILLIS - 1, False),
            (replace(HELD, searched_at=Millis(RELEASE_MILLIS)), RELEASE_MILLIS + SEARCH_MILLIS, True),
        ],
    )
    def test_search_begins(self, held: HeldLabel, now: int, due: bool) -> None:  # noqa: FBT001 - a table's column
        """An hour after the release, and then every 20 minutes."""
        assert held.due(Millis(now)) is due

    def test_two_searches_in_a_row_must_find_nothing(self) -> None:
        """A search that finds something begins anew."""
        first = self.HELD.searching(Millis(50)).searched(vacant=True)
        assert first == replace(self.HELD, searched_at=Millis(50), vacant_since=Millis(50), version=5)
        assert first.searching(Millis(90)).searched(vacant=False).vacant_since == NEVER
        free = first.searching(Millis(90)).searched(vacant=True)
        assert free == HeldLabel("a", version=7)
        assert free.taken(SCIENCE.id, reserved=False) == HeldLabel("a", SCIENCE.id, reserved=False, version=8)

    def test_new_release_begins_anew(self) -> None:
        """An account that takes a label back and gives it up again releases it anew."""
        vacant = replace(self.HELD, searched_at=Millis(50), vacant_since=Millis(50))
        assert vacant.released(Millis(99)) == replace(vacant, released_at=Millis(99), vacant_since=NEVER, version=4)
        taken = vacant.taken(PAYMENTS.id, reserved=True)
        assert taken == HeldLabel("a", PAYMENTS.id, version=4)
