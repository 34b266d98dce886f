"""Change batches that turn what a zone holds into what it should hold. Pure.

| current  | desired  | changes                                                                    |
|----------|----------|----------------------------------------------------------------------------|
| -        | A's      | CREATE A's                                                                 |
| A's      | A's      | none                                                                       |
| A's      | -        | DELETE A's                                                                 |
| A's      | A's, new | DELETE A's with the old values, CREATE A's with the new: one batch          |
| A's      | B's      | DELETE A's, CREATE B's: one batch, so that the name always has an answer    |
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hub.runtime.model.names import Action, Change, NameKey, RecordSet

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from hub.runtime.model.names import Withheld

# Route 53 API Reference, ChangeResourceRecordSets, "Limits on ChangeResourceRecordSets requests": 1,000 ResourceRecord
# elements, and 32,000 characters in all Value elements. An UPSERT would count twice.
MAX_ELEMENTS: Final = 1_000
MAX_CHARACTERS: Final = 32_000


@dataclass(frozen=True, slots=True)
class NameChange:
    """All changes of one name, which are sent together, in this order.

    `desired` are the record sets of orgdns that the zone holds after the changes, and `conflict` is why some claimed
    record sets are not among them. `zone_full` means that the zone takes no more records. `refused` means that Route 53
    refused the changes that the claims need. `withheld` is what a dry run keeps back.

    """

    key: NameKey
    desired: tuple[RecordSet, ...]
    changes: tuple[Change, ...]
    conflict: str | None = None
    zone_full: bool = False
    refused: bool = False
    withheld: Withheld | None = None

    @property
    def grows(self) -> bool:
        """Whether the zone holds more record sets after the changes."""
        return sum(1 if change.action is Action.CREATE else -1 for change in self.changes) > 0

    @property
    def size(self) -> tuple[int, int]:
        """The number of ResourceRecord elements in the changes, and of characters in their Value elements."""
        elements = characters = 0
        for change in self.changes:
            for value in change.record_set.values:
                elements += 1
                characters += len(value)
        return elements, characters


def changes(current: Collection[RecordSet], desired: Collection[RecordSet]) -> tuple[Change, ...]:
    """Return the changes that turn the current record sets into the desired ones.

    Each DELETE comes before each CREATE: Route 53 checks the changes of a batch in order, each against the result of
    those before it, and a record set must be deleted before one with the same owner is created.
    """
    if current == desired:
        return ()
    if not current or not desired:
        # A start or an end: nothing to compare.
        action = Action.DELETE if current else Action.CREATE
        return tuple([Change(action, record_set) for record_set in sorted(current or desired)])
    before, after = set(current), set(desired)
    deletes = [Change(Action.DELETE, record_set) for record_set in sorted(before - after)]
    return tuple(deletes + [Change(Action.CREATE, record_set) for record_set in sorted(after - before)])


def batches(names: Iterable[NameChange], most: int = MAX_ELEMENTS) -> Iterator[tuple[NameChange, ...]]:
    """Yield the names of one zone in change batches, each as full as Route 53 allows, and no name in two of them.

    `most` is the most changes of a batch. A name that is larger than a batch gets a batch of its own.

    """
    batch: list[NameChange] = []
    changed = elements = characters = 0
    for name in names:
        more_elements, more_characters = name.size
        full = changed + len(name.changes) > most or elements + more_elements > MAX_ELEMENTS
        if batch and (full or characters + more_characters > MAX_CHARACTERS):
            yield tuple(batch)
            batch, changed, elements, characters = [], 0, 0, 0
        batch.append(name)
        changed += len(name.changes)
        elements += more_elements
        characters += more_characters
    if batch:
        yield tuple(batch)
