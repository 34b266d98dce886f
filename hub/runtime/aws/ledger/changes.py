"""The records of the ledger's stream: which name changed, and whose claim. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hub.runtime import contract
from hub.runtime.aws.ledger.attributes import read
from hub.runtime.aws.ledger.rows import claim_in, name_key_of
from hub.runtime.boundary.unreadable import Malformed, readable
from hub.runtime.model.names import Claim, Millis

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hub.runtime.model.names import NameKey


@dataclass(frozen=True, slots=True)
class NameChange:
    """A claim on a name changed; without a `claimant`, an audit marked the name.

    `written` is the claim that was made, or changed; None if it was withdrawn or deleted, or if the stream does not
    have an image of it that can be read.
    """

    key: NameKey
    claimant: str
    sequence_number: str
    changed_at: Millis
    written: Claim | None


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
        written=None if sort_key == contract.MARK_KEY else written_claim(key, change.get("NewImage")),
    )


def written_claim(key: NameKey, image: Any) -> Claim | None:  # noqa: ANN401 - of any type, if it is malformed
    """Return the live claim in an image of its row. A copy of what another row says is none that was just made."""
    found = readable(lambda attributes: _made(key, read(attributes)), image, "")
    return found if isinstance(found, Claim) else None


def _made(key: NameKey, row: Mapping[str, Any]) -> Claim | None:
    claim = claim_in(key, row)
    return claim if isinstance(claim, Claim) and not row.get(contract.COPIED) else None


def _number(written: str) -> str:
    """Return the text of a number, as it is written: Lambda compares it with the one that it sent."""
    int(written)
    return written
