"""What an event of a change in a zone means, and which events are not taken."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.runtime.installation import DEFAULT_NAMES as NAMES
from hub.runtime.messages import NotOurs
from hub.runtime.sweeper.zone_changes import MOST_CALLER, MOST_NAMES, Writer, ZoneChange, is_zone_change, zone_change_of

OWNER, ZONE, OTHER = "333333333333", "Z0CORP", "Z0IDS"
USER = {"type": "IAMUser", "arn": f"arn:aws:iam::{OWNER}:user/octodns"}
ISSUER = {"type": "Role", "arn": f"arn:aws:iam::{OWNER}:role/orgdns-writer"}
WITH_PATH = {"arn": ISSUER["arn"].replace("role/", "role/dns/orgdns/")}


def event(*names: object, **changed: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    changes = [{"action": "DELETE", "resourceRecordSet": {"name": name, "type": "A"}} for name in names]
    detail = {
        "eventName": "ChangeResourceRecordSets",
        "userIdentity": USER,
        "requestParameters": {"hostedZoneId": ZONE, "changeBatch": {"changes": changes}},
    }
    return {"source": "aws.route53", "account": OWNER, "detail": detail | changed}


def change_of(content: dict[str, Any]) -> ZoneChange:
    return zone_change_of(content, Writer(OWNER, NAMES.writer_role), {ZONE, OTHER})


def test_o4_an_event_gives_zone_names_and_caller() -> None:
    """Names are absolute, in lower case and without escapes; a name that orgdns cannot have is left out."""
    names = ("Web.corp.internal", "web.corp.internal.", r"\144b.corp.internal.", r"\052.corp.internal", "a..b", "")
    change = change_of(event(*names))
    assert change.zone_ids == (ZONE,)
    assert change.names == ("db.corp.internal.", "web.corp.internal.")
    assert change.by == USER["arn"]


def test_o4_too_many_names_are_unknown_names() -> None:
    """No change batch of Route 53 has more names."""
    assert change_of(event(*(f"n{number}.corp.internal" for number in range(MOST_NAMES)))).names is not None
    assert change_of(event(*(f"n{number}.corp.internal" for number in range(MOST_NAMES + 1)))).names is None


def test_o4_omitted_parameters_concern_every_zone() -> None:
    """CloudTrail omits the zone with the changes."""
    omitted = {"omitted": "true", "originalSize": "149893", "reason": "requestParameters too large"}
    change = change_of(event(requestParameters=omitted))
    assert (change.zone_ids, change.names) == ((ZONE, OTHER), None)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (event() | {"account": "444444444444"}, "not from the networking account"),
        (event() | {"detail": None}, "no detail"),
        (event(eventName="CreateHostedZone"), "not a successful"),
        (event(errorCode="AccessDenied"), "not a successful"),
        (event(requestParameters={"hostedZoneId": "Z0ELSE"}), "not a zone of orgdns"),
        (event(userIdentity={"sessionContext": {"sessionIssuer": ISSUER}}), "the publisher made"),
        (event(userIdentity={"sessionContext": {"sessionIssuer": WITH_PATH}}), "the publisher made"),
    ],
)
def test_o4_other_events_are_dropped(content: dict[str, Any], reason: str) -> None:
    """An event of another account, of a failed call, of another zone or of the publisher changes nothing."""
    with pytest.raises(NotOurs, match=reason):
        change_of(content)


@pytest.mark.parametrize(
    ("identity", "by"),
    [
        ({"type": "AWSService", "invokedBy": "servicediscovery.amazonaws.com"}, "servicediscovery.amazonaws.com"),
        ({"type": "Unknown"}, "Unknown"),
        (None, "an unknown caller"),
        ({"arn": "x" * 10_000}, "x" * MOST_CALLER + "..."),
    ],
)
def test_o4_caller_is_named_and_bounded(identity: object, by: str) -> None:
    """A caller without an ARN is named by what is known of it."""
    assert change_of(event("web.corp.internal", userIdentity=identity)).by == by


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=8,
)


@given(_json, _json, st.lists(_json, max_size=3))
def test_o4_any_event_is_a_change_or_not_ours(identity: object, parameters: object, changes: list[object]) -> None:
    """Whatever the fields hold, an event gives bounded names of known zones, or is dropped."""
    batch = {"hostedZoneId": ZONE, "changeBatch": {"changes": changes}}
    for content in (event(userIdentity=identity, requestParameters=parameters), event(requestParameters=batch)):
        assert is_zone_change(content)
        try:
            change = change_of(content)
        except NotOurs:
            continue
        assert set(change.zone_ids) <= {ZONE, OTHER}
        assert len(change.by) <= MOST_CALLER + 3
        assert change.names is None or len(change.names) <= MOST_NAMES


@pytest.mark.parametrize("odd", [None, {}, "text", {"resourceRecordSet": None}, {"resourceRecordSet": {"name": 7}}])
def test_an_unreadable_change_hides_no_other(odd: object) -> None:
    """The names of the other changes are known, and it is known that there are more."""
    content = event("web.corp.internal", "db.corp.internal")
    content["detail"]["requestParameters"]["changeBatch"]["changes"].insert(1, odd)
    change = change_of(content)
    assert change.names == ("db.corp.internal.", "web.corp.internal.")
    assert change.unreadable == 1


@pytest.mark.parametrize("changes", [None, 7, {}, "text"])
def test_changes_of_another_form_are_unknown_names(changes: object) -> None:
    """An audit finds what the call changed."""
    names = change_of(event(requestParameters={"hostedZoneId": ZONE, "changeBatch": {"changes": changes}})).names
    assert not names


def test_a_zone_id_of_another_form_is_not_ours() -> None:
    """The message is dropped, and does not end the function."""
    odd: tuple[object, ...] = ([], {}, 7)
    for zone_id in odd:
        with pytest.raises(NotOurs, match="is not a zone of orgdns"):
            change_of(event(requestParameters={"hostedZoneId": zone_id}))
