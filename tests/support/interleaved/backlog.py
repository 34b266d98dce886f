"""The backlog of a schedule: its queue, a narrow turnstile, and zones whose calls wait for turns of the shared pace."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

from hub.runtime.aws.backlog.further import FurtherReleases
from hub.runtime.aws.pace.calls import patient_turn, turn
from hub.runtime.aws.pace.turns import Turns
from hub.runtime.aws.queues.further import FurtherMessages
from hub.runtime.messages import release_of
from hub.runtime.model.names import Change, Fqdn, Millis
from hub.runtime.model.tasks import Release
from hub.runtime.ports import Clock, ZoneRecordSets
from hub.runtime.publisher.backlog.releaser import Releaser
from hub.runtime.publisher.backlog.turnstile import Turnstile
from hub.runtime.rate_limit import Demand, Urgency
from tests.support.memory import AMPLE

# A part of the quota so small that calls wait for each other: five requests at once, and one a second.
SHARE = 0.1
# The messages that a release receives itself.
FURTHER = 2


@dataclass(frozen=True, slots=True)
class Message:
    """A message of the backlog's queue, which was delivered so many times."""

    body: str
    deliveries: int = 0


class QueueClient:
    """A client of SQS, of which each call is a step. A standard queue may take a message twice."""

    def __init__(self, messages: list[Message], step: Callable[[str, Callable[[], Any]], Any]) -> None:
        self._messages, self._step = messages, step
        # What was received and not deleted becomes visible again. It is never a dead letter.
        self.not_deleted: dict[str, Message] = {}

    def send_message_batch(self, *, Entries: list[dict[str, str]], **_: object) -> Any:  # noqa: ANN401, N803 - botocore's
        def sent() -> Any:  # noqa: ANN401 - botocore's
            self._messages.extend(Message(entry["MessageBody"]) for entry in Entries)
            return {"Successful": [{"Id": entry["Id"]} for entry in Entries]}

        return self._step(f"backlog {' '.join(entry['MessageBody'] for entry in Entries)}", sent)

    def receive_message(self, **_: object) -> Any:  # noqa: ANN401 - botocore's
        def received() -> Any:  # noqa: ANN401 - botocore's
            first = len(self.not_deleted)
            found = {f"further-{first + number}": each for number, each in enumerate(self._messages[:FURTHER])}
            del self._messages[:FURTHER]
            self.not_deleted |= found
            return {
                "Messages": [{"MessageId": each, "ReceiptHandle": each, "Body": found[each].body} for each in found]
            }

        return self._step("further messages", received)

    def delete_message_batch(self, *, Entries: list[dict[str, str]], **_: object) -> Any:  # noqa: ANN401, N803 - botocore's
        def deleted() -> Any:  # noqa: ANN401 - botocore's
            for entry in Entries:
                self.not_deleted.pop(entry["ReceiptHandle"], None)
            return {"Successful": [{"Id": entry["Id"]} for entry in Entries]}

        return self._step(f"delete {len(Entries)} further messages", deleted)


def released(releaser: Releaser, clock: Clock, bodies: list[str], client: Any) -> set[int]:  # noqa: ANN401 - a client
    """Bring back the names of messages and of further ones; return the positions of those to deliver again."""
    further = FurtherReleases(FurtherMessages(client, "backlog", clock), _read, releaser.most)
    given = {str(position): release_of(body) for position, body in enumerate(bodies)}
    failed = releaser.release(given, AMPLE, further.receive)
    further.delete_all_but(failed)
    return {int(message_id) for message_id in failed if message_id in given}


def _read(records: list[Any]) -> dict[str, Release]:
    return {record["messageId"]: release_of(record["body"]) for record in records}


@dataclass(slots=True)
class NarrowTurnstile(Turnstile):
    """Lets one name of each account through at once, so that the backlog is used."""

    def _tokens(self, account: str) -> float:
        return max(0.0, 1.0 - self._missing.get(account, 0.0))


class PacedZones:
    """Zones of which each call takes its turn in the ledger's row of the pace, as `WriterZones` does."""

    def __init__(self, zones: Any, turns: Turns) -> None:  # noqa: ANN401 - a port
        self._zones, self._turns = zones, turns

    @property
    def most_changes(self) -> int:
        return self._turns.most_changes

    def delay(self, changes: int) -> float:
        return self._turns.delay(Demand.batch(changes))

    def allowance(self, wait: float, *, prompt: bool) -> int:
        return self._turns.allowance(wait, prompt=prompt)

    def change(
        self,
        zone_id: str,
        changes: Collection[Change],
        urgency: Urgency = Urgency.PATIENT,
        *,
        wait: float | None = None,
    ) -> Millis | None:
        with turn(self._turns, Demand.batch(len(changes), urgency, zone_id), wait):
            accepted: Millis | None = self._zones.change(zone_id, changes)
        return accepted

    def record_sets(
        self, zone_id: str, names: Collection[Fqdn], wait: float | None = None, urgency: Urgency = Urgency.PATIENT
    ) -> dict[Fqdn, ZoneRecordSets]:
        demand = Demand.reading(urgency)
        reading = patient_turn(self._turns, demand) if wait is None else turn(self._turns, demand, wait)
        with reading:
            found: dict[Fqdn, ZoneRecordSets] = self._zones.record_sets(zone_id, names)
        return found

    def listing(self, zone_id: str) -> Iterator[tuple[Fqdn, ZoneRecordSets]]:
        with patient_turn(self._turns, Demand.reading()):
            yield from self._zones.listing(zone_id)
