"""A heartbeat is an event of its own kind, and no other event is taken for one."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.runtime import contract
from hub.runtime.boundary.unreadable import Unreadable
from hub.runtime.messages import NotOurs, parsed
from hub.runtime.model.names import Millis
from hub.runtime.observer.events import Call, Heartbeat, Hint, event_of
from hub.runtime.telemetry import metrics
from hub.runtime.telemetry.events import readable_events
from tests.support.build import DOCUMENTS, hint_of

SENT: dict[str, Any] = {
    "version": "0",
    "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
    "detail-type": contract.HEARTBEAT_DETAIL_TYPE,
    "source": contract.HEARTBEAT_SOURCE,
    "account": "222222222222",
    "time": "2026-11-02T09:05:00Z",
    "region": "eu-central-1",
    "resources": [],
    "detail": {},
}
AT = Millis(1_793_610_300_000)
STATE_CHANGE = (DOCUMENTS / "ec2-state-change.json").read_text()
TAG_CHANGE = (DOCUMENTS / "tag-change.json").read_text()
CALL = (DOCUMENTS / "attach-network-interface.json").read_text()


def test_heartbeat_has_the_time_at_which_it_was_sent() -> None:
    """EventBridge sets it. Nothing else of the event is read."""
    assert event_of(json.dumps(SENT)) == Heartbeat(AT)
    bare = {name: SENT[name] for name in ("source", "detail-type", "time")}
    assert event_of(json.dumps(bare)) == Heartbeat(AT)


@pytest.mark.parametrize("time", [None, "", "yesterday", 7, [], "2026-11-02T09:05:00+99:00"])
def test_heartbeat_without_a_time_is_refused(time: object) -> None:
    """It would count as one of half a century ago."""
    with pytest.raises(NotOurs, match="is not the time of an event"):
        event_of(json.dumps(SENT | {"time": time}))


@pytest.mark.parametrize("change", [{"source": "my.app"}, {"detail-type": "heartbeat"}, {"source": None}])
def test_other_event_is_no_heartbeat(change: dict[str, Any]) -> None:
    """Both the source and the detail type must be those of the hub."""
    with pytest.raises(NotOurs):
        event_of(json.dumps(SENT | change))


@given(st.dictionaries(st.sampled_from(sorted(SENT)), st.none() | st.text() | st.integers() | st.lists(st.text())))
def test_garbled_heartbeat_is_one_or_is_refused(garbled: dict[str, Any]) -> None:
    """No content of an event breaks the function, and none makes an instance of a heartbeat."""
    event = SENT | garbled
    try:
        found = event_of(json.dumps(event))
    except NotOurs:
        return
    assert isinstance(found, Heartbeat)
    assert (event["source"], event["detail-type"]) == (SENT["source"], SENT["detail-type"])


def test_instance_events_have_the_time_of_the_event() -> None:
    """It is what names are measured from, in whole seconds; an odd time is none, and drops no event."""
    for written in (STATE_CHANGE, TAG_CHANGE):
        event = json.loads(written)
        assert hint_of(json.dumps(event | {"time": SENT["time"]})).reported_at == AT
        assert hint_of(json.dumps(event | {"time": "yesterday"})).reported_at == 0


def test_events_of_a_batch_are_told_apart() -> None:
    """Instances and calls with the ids of their messages; what cannot be read is dropped and counted."""
    bodies = [STATE_CHANGE, json.dumps(SENT), CALL, "no json", TAG_CHANGE, json.dumps(SENT | {"time": "x"})]
    records = [{"messageId": f"m{number}", "body": body} for number, body in enumerate(bodies)]
    metrics.clear_metrics()
    events = readable_events(parsed(records, lambda record: event_of(record["body"])))
    assert [(type(content), message_id) for content, message_id in events.hints] == [(Hint, "m0"), (Hint, "m4")]
    assert [(type(content), message_id) for content, message_id in events.calls] == [(Call, "m2")]
    assert events.heartbeats == [Heartbeat(AT)]
    assert {name: sum(each["Value"]) for name, each in metrics.provider.metric_set.items()} == {"EventsDropped": 2}
    metrics.clear_metrics()
    assert readable_events([("m", Unreadable("m", "x"))]).heartbeats == []
    metrics.clear_metrics()
