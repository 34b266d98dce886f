"""From what a zone holds and what it should hold to full change batches. Pure.

| held     | desired  | changes                                                                    |
|----------|----------|----------------------------------------------------------------------------|
| -        | A's      | CREATE A's                                                                 |
| A's      | A's      | none                                                                       |
| A's      | -        | DELETE A's                                                                 |
| A's      | A's, new | DELETE A's with the old values, CREATE A's with the new: one batch          |
| A's      | B's      | DELETE A's, CREATE B's: one batch, so never a moment without an answer      |
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hub.runtime.model.names import Action, Change, NameKey, RecordSet

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

# Route 53 API Reference, ChangeResourceRecordSets, "Limits on ChangeResourceRecordSets requests": 1,000 ResourceRecord
# elements; 32,000 characters in all Value elements. An UPSERT would count twice.
MAX_ELEMENTS: Final = 1_000
MAX_CHARACTERS: Final = 32_000


@dataclass(frozen=True, slots=True)
class NameChange:
    """All changes of one name. They go out together, in this order.

    `desired` is what the zone holds of ours when they are made, `conflict` why it is not all that is claimed, and
    `zone_full` whether that is because the zone is at its quota of records.
    """

    key: NameKey
    desired: tuple[RecordSet, ...]
    changes: tuple[Change, ...]
    conflict: str | None = None
    zone_full: bool = False

    @property
    def grows(self) -> bool:
        """Whether the zone holds more record sets when they are made."""
        return sum(1 if change.action is Action.CREATE else -1 for change in self.changes) > 0

    @property
    def elements(self) -> int:
        """How many ResourceRecord elements the changes have."""
        return sum(len(change.record_set.values) for change in self.changes)

    @property
    def characters(self) -> int:
        """How many characters their Value elements have."""
        return sum(len(value) for change in self.changes for value in change.record_set.values)


def changes(held: Collection[RecordSet], desired: Collection[RecordSet]) -> tuple[Change, ...]:
    """What turns the record sets that are held into those that are desired.

    Each DELETE comes before each CREATE: Route 53 checks a batch in order, each change against the outcome of those
    before it, and a record set of the same owner must be gone before it is made anew.
    """
    wanted, there = set(desired), set(held)
    return (
        *(Change(Action.DELETE, record_set) for record_set in sorted(there - wanted)),
        *(Change(Action.CREATE, record_set) for record_set in sorted(wanted - there)),
    )


def batches(names: Iterable[NameChange]) -> Iterator[tuple[NameChange, ...]]:
    """The names of one zone in change batches, each as full as Route 53 allows, no name in two of them.

    A name that alone is larger than a batch stands alone.
    """
    batch: list[NameChange] = []
    elements = characters = 0
    for name in names:
        if batch and (elements + name.elements > MAX_ELEMENTS or characters + name.characters > MAX_CHARACTERS):
            yield tuple(batch)
            batch, elements, characters = [], 0, 0
        batch.append(name)
        elements += name.elements
        characters += name.characters
    if batch:
        yield tuple(batch)
