"""The records of the ledger's stream: which name changed, whose claim, and what returns from the backlog. Pure."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hub.runtime import contract
from hub.runtime.aws.answers import text_in
from hub.runtime.aws.ledger.attributes import read
from hub.runtime.aws.ledger.rows import claim_in, name_key_of
from hub.runtime.boundary.schema import number
from hub.runtime.boundary.unreadable import Malformed, Unreadable, readable
from hub.runtime.model.names import NEVER, Claim, Millis
from hub.runtime.model.reasons.cause import NO_REASON, Cause, Reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hub.runtime.deadline import Deadline
    from hub.runtime.model.names import NameKey
    from hub.runtime.publisher.outcome import NameOutcome
    from hub.runtime.publisher.publisher import Publisher


@dataclass(frozen=True, slots=True)
class NameChange:
    """A claim on a name changed, an audit `marked` the name, or it was `released` from the backlog.

    A released name may be marked, too. `account` is the one of the claimant, or because of which the name was in the
    backlog; it is empty for a mark. `written` is the claim that was made, or changed; None if it was withdrawn or
    deleted, or if the stream does not have an image of it that can be read. `asked_at` is the time of the event that
    caused the change, or 0; of a released name it is the time of the change in the ledger. `reason` is why the name is
    to be looked at.
    """

    key: NameKey
    sequence_number: str
    changed_at: Millis
    claimant: str = ""
    account: str = ""
    written: Claim | None = None
    marked: bool = False
    released: bool = False
    asked_at: Millis = NEVER
    reason: Reason = NO_REASON


@dataclass(frozen=True, slots=True)
class NameChanges:
    """The changes in a batch of records, by name.

    Attributes:
        first: The sequence number of each name's first change: Lambda delivers again from the lowest that failed.
        changed_at: When the name's claims changed first.
        marked: The names that an audit marked.
        claimants: The instances whose claims changed.
        told: The claims that were made or changed.
        changed_by: The accounts that changed claims; it is "" for an audit.
        released: The names that came back from the backlog, each with the account because of which it was there.
        unreadable: The records that are nothing of these. They would be the same after another delivery.
        asked_at: The times of the first events that asked for the changes of names; without those that no event caused.
        heartbeats: The times at which the heartbeats among the records were sent.
        reasons: Why the names are to be looked at, in the order of the records.
    """

    first: dict[NameKey, str] = field(default_factory=dict)
    changed_at: dict[NameKey, Millis] = field(default_factory=dict)
    marked: set[NameKey] = field(default_factory=set)
    claimants: defaultdict[NameKey, set[str]] = field(default_factory=lambda: defaultdict(set))
    told: defaultdict[NameKey, set[Claim]] = field(default_factory=lambda: defaultdict(set))
    changed_by: defaultdict[NameKey, set[str]] = field(default_factory=lambda: defaultdict(set))
    released: dict[NameKey, str] = field(default_factory=dict)
    unreadable: list[Unreadable] = field(default_factory=list)
    asked_at: dict[NameKey, Millis] = field(default_factory=dict)
    heartbeats: list[Millis] = field(default_factory=list)
    reasons: defaultdict[NameKey, list[Reason]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def of(cls, records: Iterable[Any]) -> NameChanges:
        """Return the changes in these records."""
        changes = cls()
        for record in records:
            change = readable(change_of, record, text_in(record, "eventID"))
            if isinstance(change, Unreadable):
                changes.unreadable.append(change)
            elif isinstance(change, NameChange):
                changes._add(change)
            else:
                changes.heartbeats.append(change)
        return changes

    def published(self, publisher: Publisher, deadline: Deadline) -> list[NameOutcome]:
        """Publish the names; return one outcome for each."""
        return publisher.publish(
            self.changed_at,
            self.marked,
            deadline,
            told=self.told,
            changed_by=self.changed_by,
            released=self.released,
            reasons=self.reasons,
        )

    def _add(self, change: NameChange) -> None:
        key = change.key
        self.first.setdefault(key, change.sequence_number)
        self.changed_at[key] = min(change.changed_at, self.changed_at.get(key, change.changed_at))
        if change.asked_at:
            self.asked_at[key] = min(change.asked_at, self.asked_at.get(key, change.asked_at))
        self.reasons[key].append(change.reason)
        if change.marked:
            self.marked.add(key)
        if change.released:
            self.released.setdefault(key, change.account)
            return
        self.changed_by[key].add(change.account)
        if change.claimant:
            self.claimants[key].add(change.claimant)
        if change.written:
            self.told[key].add(change.written)


def change_of(record: Any) -> NameChange | Millis:  # noqa: ANN401 - of any type, if it is malformed
    """Return the change in a record, as Lambda passes it on, or the time at which a heartbeat was sent.

    Raises:
        Malformed: if it is the change of a row of another kind.
        Exception: any other, if the record does not have the form of one.
    """
    change = record["dynamodb"]
    if change["Keys"][contract.SORT_KEY]["S"] == contract.HEARTBEAT_KEY:
        return Millis(number(read(change["NewImage"])["sent_at"]))
    key = name_key_of(change["Keys"][contract.PARTITION_KEY]["S"])
    sort_key = change["Keys"][contract.SORT_KEY]["S"]
    sequence_number = _number(change["SequenceNumber"])
    created = Millis(int(change["ApproximateCreationDateTime"] * 1000))
    if sort_key == contract.RELEASED_KEY:
        # Of a row without readable content, the zone is read before anything is decided, as of a mark.
        changed_at, account, marked = _released(change.get("NewImage")) or (created, "", True)
        asked_at = NEVER if marked else changed_at
        return NameChange(
            key,
            sequence_number,
            changed_at,
            account=account,
            marked=marked,
            released=True,
            asked_at=asked_at,
            reason=_reason(change.get("NewImage")),
        )
    if sort_key == contract.MARK_KEY:
        return NameChange(key, sequence_number, created, marked=True, reason=Reason(Cause.AUDIT))
    if not sort_key.startswith(contract.CLAIM_PREFIX):
        raise Malformed(f"{sort_key!r} is not the key of a claim, a mark or a release")
    claimant = sort_key.removeprefix(contract.CLAIM_PREFIX)
    written = written_claim(key, change.get("NewImage"))
    account = claimant.partition("/")[0]
    asked = readable(_asked_at, change.get("NewImage"), "")
    return NameChange(
        key,
        sequence_number,
        created,
        claimant=claimant,
        account=account,
        written=written,
        asked_at=NEVER if isinstance(asked, Unreadable) else asked,
        reason=Reason(_reason(change.get("NewImage")).cause, claimant),
    )


def written_claim(key: NameKey, image: Any) -> Claim | None:  # noqa: ANN401 - of any type, if it is malformed
    """Return the live claim in an image of its row. A copy of what another row says is none that was just made."""
    found = readable(lambda attributes: _made(key, read(attributes)), image, "")
    return found if isinstance(found, Claim) else None


def _made(key: NameKey, row: Mapping[str, Any]) -> Claim | None:
    claim = claim_in(key, row)
    return claim if isinstance(claim, Claim) and not row.get(contract.COPIED) else None


def _asked_at(image: Any) -> Millis:  # noqa: ANN401 - of any type, if it is malformed
    return Millis(number(read(image).get(contract.ASKED_AT, NEVER)))


def _reason(image: Any) -> Reason:  # noqa: ANN401 - of any type, if it is malformed
    """Return why a claim changed, or a name was in the backlog. A copied claim is put back because of an audit."""
    found = readable(_reason_in, image, "")
    return NO_REASON if isinstance(found, Unreadable) else found


def _reason_in(image: Any) -> Reason:  # noqa: ANN401 - as above
    row = read(image)
    return Reason(Cause.AUDIT if row.get(contract.COPIED) else Cause.named(row.get(contract.CAUSE)), text_in(row, "by"))


def _released(image: object) -> tuple[Millis, str, bool] | None:
    """Return when the claims on a released name changed, because of whom it waited, and whether it is marked."""
    match image:
        case {"changed_at": {"N": str(at)}, "account": {"S": str(account)}, "marked": {"BOOL": bool(marked)}} if (
            at.isdecimal() and (not account or account.isdecimal())
        ):
            return Millis(int(at)), account, marked
    return None


def _number(written: str) -> str:
    """Return the text of a number, as it is written: Lambda compares it with the one that it sent."""
    int(written)
    return written
