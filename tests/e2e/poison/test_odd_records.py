"""Messages and records of the stream that are malformed: each is dropped, and the rest of its batch goes on."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from moto.awslambda.models import lambda_backends

from hub.runtime import contract
from hub.runtime.installation import DEFAULT_NAMES as NAMES
from hub.runtime.messages import body_of
from hub.runtime.model.names import Spoke
from hub.runtime.model.tasks import Associate, Sweep
from sandbox.example import PAYMENTS
from sandbox.world import World
from tests.support.build import DOCUMENTS
from tests.support.path.faults import Withheld
from tests.support.path.odd import REGION
from tests.support.path.sweeps import CORP, names

Record = dict[str, Any]
SPOKE = Spoke(PAYMENTS, REGION)


def invoked(made: World, function: str, records: list[Any]) -> object:
    """The response of a function to a batch; it must not fail."""
    found = lambda_backends[made.config.hub.account][made.config.hub.region].get_function(function, contract.LIVE_ALIAS)
    outcome = made.functions.invoke(found, {"Records": records})
    assert outcome.error is None
    return outcome.response


def message(body: object, **changes: object) -> Record:
    document: Record = json.loads((DOCUMENTS / "sqs-event.json").read_text())["Records"][0]
    return document | {"body": body} | changes


def without(record: Record, *path: str) -> Record:
    """The record without one of its fields."""
    changed = copy.deepcopy(record)
    inner = changed
    for name in path[:-1]:
        inner = inner[name]
    del inner[path[-1]]
    return changed


def odd_messages(body: str) -> list[Any]:
    good = message(body)
    return [
        without(good, "messageId"),
        without(good, "body"),
        message(body, messageId=None),
        message(None),
        message("\ud800"),
        message("[" * 100_000),
        message('{"task": "of a later version"}'),
        message("{}"),
        None,
        "a text",
        {},
    ]


@pytest.mark.parametrize("function", [NAMES.sweeper_function, NAMES.associator_function])
def test_p3_odd_message_of_tasks(made: World, function: str) -> None:
    """The task after the odd ones is done, and no message is delivered again."""
    task = Sweep(SPOKE) if function == NAMES.sweeper_function else Associate(SPOKE, ())
    odd = odd_messages(body_of(task))
    before = len(made.logged(function, "task dropped"))
    response = invoked(made, function, [*odd, without(message(body_of(task)), "attributes")])
    assert response == {"batchItemFailures": []}
    assert len(made.logged(function, "task dropped")) == before + len(odd)


def test_p3_odd_message_of_events(made: World) -> None:
    """The event after the odd ones is handled, also without its number of deliveries."""
    made.router.tamper = withheld = Withheld()
    (instance,) = made.launch(PAYMENTS, REGION, "after-odd-messages")
    made.router.tamper = lambda event: (event,)
    bodies = [json.dumps(event) for event in withheld if instance in json.dumps(event)]
    odd = odd_messages(bodies[-1])
    good = [without(message(body, messageId=str(number)), "attributes") for number, body in enumerate(bodies)]
    response = invoked(made, NAMES.observer_function, [*odd, *good])
    assert response == {"batchItemFailures": []}
    assert len(made.logged(NAMES.observer_function, "event dropped")) >= len(odd)
    made.converge()
    assert "after-odd-messages" in names(made)


def test_p3_odd_record_of_the_stream(made: World) -> None:
    """Records of other rows, or of another form, are dropped and counted; the name in the batch is published."""
    (record,) = json.loads((DOCUMENTS / "dynamodb-stream-event.json").read_text())["Records"]
    made.launch(PAYMENTS, REGION, "beside-odd-records")
    good = copy.deepcopy(record)
    good["dynamodb"]["Keys"]["pk"]["S"] = f"name#{made.zone_ids[CORP]}#beside-odd-records.{CORP}."

    def keyed(pk: object, sk: object) -> Record:
        changed: Record = copy.deepcopy(good)
        changed["dynamodb"]["Keys"] = {"pk": pk, "sk": sk}
        return changed

    claim = good["dynamodb"]["Keys"]["sk"]
    odd = [
        keyed({"S": "name#"}, claim),
        keyed({"S": "nothing"}, claim),
        keyed({"S": f"spoke#{PAYMENTS}#{REGION}"}, {"S": "instance#i-00000001"}),
        keyed({"S": f"spoke#{PAYMENTS}#{REGION}"}, claim),
        keyed(good["dynamodb"]["Keys"]["pk"], {"S": "published"}),
        keyed(good["dynamodb"]["Keys"]["pk"], {"N": "1"}),
        keyed({"B": "AAAA"}, claim),
        keyed(None, claim),
        without(good, "dynamodb"),
        without(good, "dynamodb", "Keys"),
        without(good, "dynamodb", "SequenceNumber"),
        without(good, "dynamodb", "ApproximateCreationDateTime"),
        None,
        {},
    ]
    before = len(made.logged(NAMES.publisher_function, "change dropped"))
    assert invoked(made, NAMES.publisher_function, [*odd, good]) == {"batchItemFailures": []}
    assert invoked(made, NAMES.publisher_function, odd) == {"batchItemFailures": []}
    dropped = made.logged(NAMES.publisher_function, "change dropped")[before:]
    assert len(dropped) == 2 * len(odd)
    assert {str(line["event_id"]) for line in dropped} == {record["eventID"], ""}
    made.converge()
    assert "beside-odd-records" in names(made)
