"""The bookkeeping of one call of the publisher: the state and the outcome of each name; over ports."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from hub.runtime.deadline import HUB_CALLS
from hub.runtime.model.names import NEVER, Millis, NameState, Published
from hub.runtime.model.reasons.cause import Reason, deciding
from hub.runtime.model.reasons.evidence import Evidence
from hub.runtime.names.dry_run import NOT_DRY, DryRun, owners_of
from hub.runtime.ports import LedgerUnavailable, ZoneClosed
from hub.runtime.publisher.holders import desired_record_sets
from hub.runtime.publisher.outcome import PATIENCE_MILLIS, NameOutcome, NameResult
from hub.runtime.publisher.refusals import fingerprint
from hub.runtime.rate_limit import Urgency

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from hub.runtime.deadline import Deadline
    from hub.runtime.model.names import Claim, InstanceRef, NameKey, RecordSet
    from hub.runtime.ports import Clock, NoTurn
    from hub.runtime.publisher.batches import NameChange
    from hub.runtime.publisher.foreign import ZoneReading
    from hub.runtime.publisher.ports import NameLedger, PublishControls, ZoneReadings

# A run begins no further call if fewer seconds than this remain.
CALL_SECONDS: Final = HUB_CALLS.seconds()
# No change batch of released names waits for its turn longer than until so many seconds after the run began. A release
# comes to all shards at once, and a zone takes their batches one after another. Back in the backlog, the names would
# wait for longer, and take more of the quota's requests.
RELEASED_WAIT: Final = 6.5
# Seconds. A name of a quiet account would wait for longer in the backlog. When a burst begins, all shards of the stream
# have names of it, which soon go to the backlog; then there are tokens again.
QUIET_WAIT: Final = 6.0


@dataclass(slots=True)
class PublishRun:
    """Each name's state in the ledger, and its outcome once it is known.

    An audit found the ledger's memory of the names in `marked` wrong. The changes of the names in `read` were worked
    out from what the zone holds, not from that memory. `changed_at` has the time of each name's change in the ledger,
    and `told` the claims on it that were written then.
    `restored` are the instances whose claims on a name the ledger had lost. What is in `dry_run` is not published.

    The names in `released` come back from the backlog. `readings` has what the backlog read of whole zones a moment
    ago. `began` are the seconds that were left when the run began.
    The names in `prompt`, those of quiet accounts first, also take tokens of the buckets of prompt names and releases.
    Their calls wait for their turn until `wait` seconds after the run began, and those for `quiet` names alone for
    longer. With None, all calls wait as long as the deadline allows.

    `reasons` says why names are to be looked at, and `clock` when readings began: both are for history only.
    """

    ledger: NameLedger
    controls: PublishControls
    deadline: Deadline
    marked: Collection[NameKey]
    changed_at: Mapping[NameKey, Millis]
    now: Millis
    told: Mapping[NameKey, Collection[Claim]] = field(default_factory=dict)
    dry_run: DryRun = NOT_DRY
    reasons: Mapping[NameKey, Sequence[Reason]] = field(default_factory=dict)
    clock: Clock = lambda: NEVER
    states: dict[NameKey, NameState] = field(default_factory=dict)
    outcomes: dict[NameKey, NameOutcome] = field(default_factory=dict)
    read: set[NameKey] = field(default_factory=set)
    restored: dict[NameKey, tuple[InstanceRef, ...]] = field(default_factory=dict)
    prompt: Collection[NameKey] = frozenset()
    quiet: Collection[NameKey] = frozenset()
    released: Collection[NameKey] = frozenset()
    readings: ZoneReadings | None = None
    wait: float | None = None
    began: float = 0.0
    _opened: float = 0.0
    _known_readings: dict[str, ZoneReading | None] = field(default_factory=dict)
    _seen: dict[NameKey, tuple[tuple[RecordSet, ...], Millis]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.began = self._opened = self.deadline.seconds_left()

    def begin_again(self) -> None:
        """Let calls wait as if the run began now: reading zones for marked names may have taken all the time.

        Otherwise these names would return to the backlog, and be read again, for ever.
        """
        self.began = self.deadline.seconds_left()

    def put_state(self, state: NameState) -> None:
        """Take a state that was read from the ledger. What was seen in the zone since replaces the ledger's memory."""
        self.states[state.key] = state
        if state.key in self._seen:
            self.saw(state.key, *self._seen[state.key])

    def saw(self, key: NameKey, owned: tuple[RecordSet, ...], at: Millis) -> None:
        """Take what a reading of the zone shows of a name; it began at a time. The ledger's memory may be wrong."""
        self.read.add(key)
        self._seen[key] = (owned, at)
        published = replace(self.states[key].published, record_sets=owned, evidence=Evidence(seen=at))
        self.states[key] = replace(self.states[key], published=published)

    def reason(self, key: NameKey, affected: Collection[str] = ()) -> Reason:
        """Return why a name changes, or is to be looked at; `affected` are the instances that gain or lose it."""
        return deciding(self.reasons.get(key, ()), affected)

    def claims(self, key: NameKey) -> tuple[Claim, ...]:
        """Return the claims that decide what is published under a name."""
        return self.dry_run.published(self.states[key].claims)

    def told_of(self, key: NameKey) -> Collection[InstanceRef]:
        """Return the instances whose claims on a name were just written, and are the only reason to look at it.

        Another claim of such an instance is not the one that was reported: the ledger may have been restored since.
        """
        if key in self.marked or not (told := self.told.get(key)):
            return ()
        return {claim.instance for claim in self.states[key].claims if claim in told}

    def is_clear(self, key: NameKey) -> bool:
        """Whether no other tool has a record set under a name, as a recent reading of its whole zone shows."""
        if self.readings is None:
            return False
        if key.zone_id not in self._known_readings:
            # Without one, the name is read.
            with suppress(LedgerUnavailable):
                self._known_readings[key.zone_id] = self.readings.reading(key.zone_id)
        reading = self._known_readings.setdefault(key.zone_id, None)
        return reading is not None and reading.shows_clear(key.fqdn, self.now)

    def out_of_time(self, keys: Iterable[NameKey], delay: float = 0.0) -> bool:
        """Whether no call may begin after a delay in seconds; if so, retry the names in the next run."""
        if self.deadline.allows(CALL_SECONDS + delay):
            return False
        for key in keys:
            self.outcomes[key] = NameOutcome(key, NameResult.RETRY, "no time is left in this run")
        return True

    def urgency(self, keys: Collection[NameKey]) -> Urgency:
        """How soon a call for names must have its turn. All of them are prompt, or none is."""
        if not any(key in self.prompt for key in keys):
            return Urgency.PATIENT
        return Urgency.QUIET if any(key in self.quiet for key in keys) else Urgency.PROMPT

    def longest_wait(self, keys: Collection[NameKey]) -> float:
        """The seconds that a call for names may wait for its turn: it still ends in time, and delays nobody for long.

        All of them are prompt, or none is.
        """
        in_time = self.deadline.seconds_left() - CALL_SECONDS
        if self.wait is None:
            return in_time
        passed = self.began - self.deadline.seconds_left()
        prompt = QUIET_WAIT if all(key in self.quiet for key in keys) else self.wait
        longest = prompt if any(key in self.prompt for key in keys) else RELEASED_WAIT
        return min(in_time, max(0.0, longest - passed))

    def paused(self, keys: Sequence[NameKey]) -> bool:
        """Whether publishing is paused, or that is unknown; if so, set the outcomes of the names."""
        try:
            reason = self.controls.paused()
        except LedgerUnavailable as unavailable:
            self.fail(keys, unavailable)
            return True
        if reason is None:
            return False
        for key in keys:
            self.outcomes[key] = NameOutcome(key, NameResult.PAUSED, f"publishing is paused: {reason}")
        return True

    def defer(self, keys: Sequence[NameKey], made_pending: Collection[NameKey], no_turn: NoTurn) -> None:
        """Leave names that found no tokens to the backlog. Nothing was sent, so they are pending no more."""
        if self.wait is None:
            self.fail(keys, no_turn)
            return
        # If that fails, they stay pending, and their zones are read the next time.
        with suppress(LedgerUnavailable):
            self.ledger.put_published([(key, self.states[key].published) for key in made_pending])
        for key in keys:
            self.outcomes[key] = NameOutcome(key, NameResult.DEFERRED, str(no_turn))

    def note_pending(self, names: Collection[NameChange]) -> None:
        """Store that the changes of these names are about to be sent, and what the zone holds before, as far as known.

        Raises:
            LedgerUnavailable: if that fails.
        """
        at, rows = self.clock(), []
        for name in names:
            published = self.states[name.key].published
            rows.append((name.key, replace(published, pending=True, evidence=Evidence(_seen(published), sent=at))))
        self.ledger.put_published(rows)

    def note(self, names: Sequence[NameChange], accepted: Millis | None = None) -> None:
        """Store what the zone holds under these names, and set their outcomes.

        Route 53 accepted the changes of the names, if they have any; it did so at a time, or did not say when.
        """
        if not names:
            return
        try:
            self.ledger.put_published([(name.key, self._published(name, accepted)) for name in names])
        except LedgerUnavailable as unavailable:
            for name in names:
                self.outcomes[name.key] = NameOutcome(name.key, NameResult.RETRY, str(unavailable))
            return
        at = Millis(self.now + round((self._opened - self.deadline.seconds_left()) * 1_000))
        for name in names:
            kept_back = NameResult.WITHHELD if name.withheld else NameResult.UNCHANGED
            result = NameResult.PUBLISHED if name.changes else kept_back
            self.outcomes[name.key] = NameOutcome(
                name.key,
                NameResult.CONFLICT if name.conflict else result,
                name.conflict or (name.withheld.blocked if name.withheld else ""),
                name.changes,
                zone_full=name.zone_full,
                at=at,
            )

    def refused_before(self, key: NameKey, desired: Collection[RecordSet]) -> bool:
        """Whether Route 53 refused what the claims still want, and nothing says that it may pass now."""
        published = self.states[key].published
        if published.pending or published.refused != fingerprint(desired):
            return False
        return key not in self.marked or self.changed_at[key] <= published.refused_at

    def out_of_patience(self, names: Sequence[NameChange], reason: str) -> list[NameChange]:
        """Retry the names that changed less than two minutes ago; return the others."""
        waited = {name.key: self.now - self.changed_at[name.key] for name in names}
        for key in (key for key, millis in waited.items() if millis < PATIENCE_MILLIS):
            self.outcomes[key] = NameOutcome(key, NameResult.RETRY, reason)
        return [name for name in names if waited[name.key] >= PATIENCE_MILLIS]

    def _published(self, name: NameChange, accepted: Millis | None) -> Published:
        state = self.states[name.key]
        rules = dict(state.published.rules) | {claim.instance: claim.rule for claim in state.claims}
        given = tuple((ref, rules[ref]) for ref in sorted(owners_of(name.desired)) if ref in rules)
        published = Published(
            name.desired,
            conflict=name.conflict,
            rules=given,
            withheld=name.withheld,
            evidence=self._evidence(name, accepted),
        )
        if not name.refused:
            return published
        wanted = desired_record_sets(self.claims(name.key))
        return replace(published, refused=fingerprint(wanted), refused_at=self.changed_at[name.key])

    def _evidence(self, name: NameChange, accepted: Millis | None) -> Evidence:
        """Return how the ledger knows what a name holds: by a reading, or by what Route 53 accepted at a time."""
        before, after = set(self.states[name.key].published.record_sets), set(name.desired)
        seen = _seen(self.states[name.key].published)
        if not name.changes and name.key not in self._seen:
            return Evidence(seen)
        reason = self.reason(name.key, {each.holder for each in before ^ after})
        if not name.changes or not accepted:
            return Evidence(seen, cause=reason.cause, by=reason.by)
        # Route 53 deletes only what is there as given. Of record sets that stay, its answer says nothing.
        replaced = before.isdisjoint(after) and (before or name.key in self._seen)
        return Evidence(accepted if replaced else seen, accepted, reason.cause, reason.by)

    def fail(self, keys: Sequence[NameKey], failure: Exception) -> None:
        """Set the outcome of names whose zone was not written: RETRY, unless waiting does not help.

        A closed zone is a conflict of its names, so that they do not block those of other zones in the stream. Each
        name stays pending, and its zone is read when the name changes the next time.
        """
        result, reason = NameResult.RETRY, str(failure)
        if isinstance(failure, ZoneClosed):
            result, reason = NameResult.CLOSED, f"orgdns cannot write the zone: {failure}"
            closed = [(key, replace(self.states[key].published, pending=True, conflict=reason)) for key in keys]
            try:
                self.ledger.put_published(closed)
            except LedgerUnavailable as unavailable:
                result, reason = NameResult.RETRY, str(unavailable)
        for key in keys:
            self.outcomes[key] = NameOutcome(key, result, reason)


def _seen(published: Published) -> int:
    return published.evidence.seen if published.evidence else 0
