"""The records of the ledger's stream: which name changed, and whose claim. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hub.runtime import contract
from hub.runtime.aws.ledger.rows import name_key_of
from hub.runtime.boundary.unreadable import Malformed
from hub.runtime.model.names import Millis

if TYPE_CHECKING:
    from hub.runtime.model.names import NameKey


@dataclass(frozen=True, slots=True)
class NameChange:
    """A claim on a name changed; without a `claimant`, an audit marked the name.

    `written` means that the claim was made, or changed, and not withdrawn or deleted. An image that the stream does not
    have, or that cannot be read, does not say so.
    """

    key: NameKey
    claimant: str
    sequence_number: str
    changed_at: Millis
    written: bool


def change_of(record: Any) -> NameChange:  # noqa: ANN401 - of any type, if it is malformed
    """Return the change in a record, as Lambda passes it on.

    Raises:
        Malformed: if it is the change of a row that is neither a claim nor a mark.
        Exception: any other, if the record does not have the form of one.
    """
    change = record["dynamodb"]
    key = name_key_of(change["Keys"][contract.PARTITION_KEY]["S"])
    sort_key = change["Keys"][contract.SORT_KEY]["S"]
    if sort_key != contract.MARK_KEY and not sort_key.startswith(contract.CLAIM_PREFIX):
        raise Malformed(f"{sort_key!r} is neither a claim nor a mark")
    return NameChange(
        key=key,
        claimant="" if sort_key == contract.MARK_KEY else sort_key.removeprefix(contract.CLAIM_PREFIX),
        sequence_number=_number(change["SequenceNumber"]),
        changed_at=Millis(int(change["ApproximateCreationDateTime"] * 1000)),
        written=_is_live(change.get("NewImage")),
    )


def _is_live(image: object) -> bool:
    """Return whether an image of a claim's row is that of a live claim."""
    return isinstance(image, dict) and image.get("live") == {"BOOL": True}


def _number(written: str) -> str:
    """Return the text of a number, as it is written: Lambda compares it with the one that it sent."""
    int(written)
    return written
