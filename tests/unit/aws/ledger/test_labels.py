from __future__ import annotations

import pytest

from hub.runtime import contract
from hub.runtime.aws.ledger.labels import DynamoLabels
from hub.runtime.aws.ledger.table import Table
from hub.runtime.model.labels import UNKNOWN, HeldLabel, reserved_labels
from hub.runtime.model.names import Millis
from hub.runtime.ports import Outdated
from tests.support.build import PAYMENTS, SCIENCE


@pytest.fixture
def labels(table: Table) -> DynamoLabels:
    return DynamoLabels(table)


def test_labels_are_read_back(labels: DynamoLabels) -> None:
    """One query reads all labels as they were written."""
    taken = HeldLabel("payments").taken(PAYMENTS.id, reserved=False)
    searched = HeldLabel(
        "marked", SCIENCE.id, released_at=Millis(5), searched_at=Millis(9), vacant_since=Millis(7), version=1
    )
    for row in (taken, searched):
        labels.put_label(row)
    assert set(labels.labels()) == {taken, searched}


def test_of_two_functions_one_writes(labels: DynamoLabels) -> None:
    """A function that read an older version of a row does not overwrite a newer one."""
    taken = HeldLabel("payments").taken(PAYMENTS.id, reserved=True)
    labels.put_label(taken)
    with pytest.raises(Outdated):
        labels.put_label(HeldLabel("payments").taken(SCIENCE.id, reserved=True))
    labels.put_label(taken.released(Millis(5)))
    with pytest.raises(Outdated):
        labels.put_label(taken.searching(Millis(6)))


def test_row_of_a_free_label_expires(labels: DynamoLabels, table: Table) -> None:
    """The ledger keeps a free label for a day, and a label that an account has for good."""
    held = HeldLabel("payments").taken(PAYMENTS.id, reserved=True)
    labels.put_label(held)
    (row,) = table.query(contract.LABELS_KEY)
    assert contract.EXPIRES not in row
    free = HeldLabel("payments", version=2)
    labels.put_label(free)
    (row,) = table.query(contract.LABELS_KEY)
    assert 86_000 < row[contract.EXPIRES] - table.now() // 1000 <= 86_400
    assert list(labels.labels()) == [free]


def test_key_of_a_label_is_that_of_no_other_row(labels: DynamoLabels, table: Table) -> None:
    """An account that is called as another row's key disturbs no reader of the ledger."""
    for label in (contract.MARK_KEY, contract.PUBLISHED_KEY, "claim", "instance"):
        labels.put_label(HeldLabel(label).taken(PAYMENTS.id, reserved=True))
    keys = [row[contract.SORT_KEY] for row in table.query(contract.LABELS_KEY)]
    others = (contract.CLAIM_PREFIX, contract.INSTANCE_PREFIX, contract.MARK_KEY, contract.PUBLISHED_KEY)
    assert not [key for key in keys if key.startswith(others)]


@pytest.mark.parametrize("change", [{"version": "x"}, {"account_id": 7}, {"reserved": "yes"}, {"schema": 3}])
def test_a_row_that_cannot_be_read_keeps_its_label(
    labels: DynamoLabels, table: Table, change: dict[str, object]
) -> None:
    """One garbled row stopped all names. Its label stays reserved, and all other labels are read."""
    good = HeldLabel("search").taken(SCIENCE.id, reserved=True)
    for held in (good, HeldLabel("payments").taken(PAYMENTS.id, reserved=True)):
        labels.put_label(held)
    row = next(row for row in table.query(contract.LABELS_KEY) if row["account_id"] == PAYMENTS.id)
    table.put(row | change)
    found = {held.label: held for held in labels.labels()}
    assert found["search"] == good
    assert found["payments"].row_fault
    assert found["payments"].reserved
    assert reserved_labels(found.values(), {}) == {"search": SCIENCE.id, "payments": UNKNOWN}
    # Who had a name of the label before its account keeps it.
    table.put(row | change | {contract.SORT_KEY: f"{contract.LABEL_PREFIX}billing", "reserved": False})
    assert set(reserved_labels(labels.labels(), {})) == {"search", "payments"}
    # No function writes over it: to take a label anew, there must be no row.
    with pytest.raises(Outdated):
        labels.put_label(HeldLabel("payments").taken(SCIENCE.id, reserved=True))
