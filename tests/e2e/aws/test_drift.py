"""Others change records of orgdns in its zones: repaired within seconds, reported, and not fought for ever."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from hub.runtime import contract
from hub.runtime.installation import DEFAULT_NAMES as NAMES
from hub.runtime.model.drift import MOST_REPAIRS
from hub.runtime.model.health.attention import health
from hub.runtime.model.status import ScheduleCursor
from sandbox.clock import MovedClock
from sandbox.example import NETWORK, PAYMENTS, SEARCH
from sandbox.world import World
from tests.support.path.sweeps import by_hand, described_record_set, names, statuses, sweep_all, zone_status

REGION = "eu-central-1"
CORP = "corp.internal"
OCTODNS = f"arn:aws:iam::{NETWORK}:user/octodns"


@pytest.fixture(scope="module")
def octodns(made: World) -> Any:  # noqa: ANN401 - a client
    """A client of Route 53 with the keys of a user of the networking account, as another tool has it."""
    iam = made.client("iam", NETWORK)
    iam.create_user(UserName="octodns")
    allowed = '{"Statement": [{"Effect": "Allow", "Action": "route53:*", "Resource": "*"}], "Version": "2012-10-17"}'
    iam.put_user_policy(UserName="octodns", PolicyName="zones", PolicyDocument=allowed)
    key = iam.create_access_key(UserName="octodns")["AccessKey"]
    return boto3.Session(key["AccessKeyId"], key["SecretAccessKey"]).client(
        "route53", region_name=made.config.route53_region
    )


@pytest.fixture(autouse=True)
def swept(made: World, clock: MovedClock) -> Iterator[None]:
    """Start each test with swept spokes, an audited zone and two names."""
    sweep_all(made, clock)
    for name in ("first", "second"):
        if name not in names(made):
            made.launch(PAYMENTS, REGION, name)
    made.converge()
    made.audit()
    yield
    # More than a day, so that nothing is remembered of what others changed.
    clock.advance(100_000)


def delete(made: World, client: Any, *deleted: str, filler: int = 0) -> None:  # noqa: ANN401 - a client
    """Delete records as a tool does that thinks it owns the zone, beside records of its own."""
    gone = [{"Action": "DELETE", "ResourceRecordSet": described_record_set(made, name)} for name in deleted]
    own = [
        {
            "Action": "UPSERT",
            "ResourceRecordSet": {
                "Name": f"Own-{'n' * 55}-{number:03}.{CORP}",
                "Type": "TXT",
                "TTL": 60,
                "ResourceRecords": [{"Value": '"a text of this tool"'}],
            },
        }
        for number in range(filler)
    ]
    client.change_resource_record_sets(HostedZoneId=made.zone_ids[CORP], ChangeBatch={"Changes": [*gone, *own]})


def reported(made: World) -> list[dict[str, Any]]:
    return made.logged(NAMES.sweeper_function, "records changed by someone else")


def test_o4_deleted_records_are_back_within_seconds(made: World, clock: MovedClock, octodns: Any) -> None:  # noqa: ANN401
    """A tool deletes two records; they are back before any audit, and the zone's status says who it was."""
    before = made.owners(CORP)
    tried_at = zone_status(made, clock).tried_at
    delete(made, octodns, "first", "second", filler=1)
    assert not names(made) & {"first", "second"}
    made.converge()
    assert [row for row in made.owners(CORP) if row[1] != "TXT"] == before
    status = zone_status(made, clock)
    assert status.tried_at == tried_at
    (drift,) = status.drift
    assert (drift.by, drift.changes, drift.damped_at) == (OCTODNS, 2, 0)
    assert reported(made)[-1]["changed_by"] == OCTODNS
    assert reported(made)[-1]["repaired"] == [f"first.{CORP}.", f"second.{CORP}."]
    assert health([], [status], [], ScheduleCursor(at=status.audited_at), status.audited_at).good


def test_o4_edited_record_is_repaired(made: World) -> None:
    """A person replaces the address of a record; the publisher's own address is back within seconds."""
    before = made.owners(CORP)
    ours = described_record_set(made, "first")
    by_hand(made, "UPSERT", ours | {"ResourceRecords": [{"Value": "192.0.2.9"}]})
    made.converge()
    assert made.owners(CORP) == before


def test_o4_a_name_is_published_when_the_foreign_record_goes(made: World) -> None:
    """A name in conflict needs no audit once someone removes the record that blocks it."""
    foreign = {"Name": f"taken.{CORP}.", "Type": "A", "TTL": 300, "ResourceRecords": [{"Value": "192.0.2.7"}]}
    by_hand(made, "CREATE", foreign)
    (instance,) = made.launch(PAYMENTS, REGION, "taken")
    made.converge()
    by_hand(made, "DELETE", foreign)
    made.converge()
    assert made.resolve(f"taken.{CORP}", made.vpcs[SEARCH, REGION]) == {made.address(PAYMENTS, REGION, instance)}
    made.end(PAYMENTS, REGION, instance)
    made.converge()


def test_o4_who_deletes_each_minute_is_not_fought(made: World, clock: MovedClock, octodns: Any) -> None:  # noqa: ANN401
    """After five repairs in an hour the name waits for the audit, and an alarm's metric is up until others stop."""
    for _ in range(MOST_REPAIRS):
        delete(made, octodns, "first")
        made.converge()
        assert "first" in names(made)
        clock.advance(60)
    delete(made, octodns, "first")
    made.converge()
    assert "first" not in names(made)
    assert reported(made)[-1]["wait_for_audit"] == [f"first.{CORP}."]
    now = int(clock.now() * 1000)
    contested = health([], [zone_status(made, clock)], [], ScheduleCursor(), now)  # type: ignore[arg-type]
    assert contested.contested_zones == {made.zone_ids[CORP]}
    # Nothing is lost: the next audit repairs it, and an hour later the alarm ends.
    clock.advance(60)
    made.audit()
    assert "first" in names(made)
    assert health([], [zone_status(made, clock)], [], ScheduleCursor(), now + 60_000).contested_zones  # type: ignore[arg-type]
    clock.advance(3_600)
    now = int(clock.now() * 1000)
    assert health([], [zone_status(made, clock)], [], ScheduleCursor(), now).contested_zones == frozenset()  # type: ignore[arg-type]
    delete(made, octodns, "first")
    made.converge()
    assert "first" in names(made)


def test_o4_a_small_zone_is_audited_within_the_hour(made: World, clock: MovedClock) -> None:
    """Without a trail, and for a name that waits, the next audit of a small zone comes within the hour."""
    made.trails.missing.add(NETWORK)
    try:
        by_hand(made, "DELETE", described_record_set(made, "first"))
    finally:
        made.trails.missing.clear()
    made.converge()
    assert "first" not in names(made)
    for _ in range(13):
        clock.advance(300)
        made.sweep()
    assert "first" in names(made)


def test_o4_a_large_change_of_others_needs_no_audit(made: World, octodns: Any) -> None:  # noqa: ANN401
    """Of many changed names, only those of orgdns are read."""
    delete(made, octodns, "first", filler=150)
    made.converge()
    assert "first" in names(made)
    assert made.logged(NAMES.sweeper_function, "audit requested") == []


def test_o4_a_change_of_unknown_names_is_audited(made: World, clock: MovedClock, octodns: Any) -> None:  # noqa: ANN401
    """If CloudTrail omits the names, an audit within minutes finds what is gone."""
    delete(made, octodns, "first", filler=499)
    made.converge()
    assert "first" not in names(made)
    clock.advance(300)
    made.sweep()
    assert "first" in names(made)
    requested = made.logged(NAMES.sweeper_function, "audit requested")[-1]
    assert requested["changed_by"] == OCTODNS
    assert len(requested["zones"]) > 1


def test_o4_the_publishers_own_changes_are_not_events(made: World) -> None:
    """The rule leaves out the writer role, so that ordinary publishing costs nothing more."""
    arrived = len(made.logged(NAMES.sweeper_function, "task dropped"))
    (instance,) = made.launch(PAYMENTS, REGION, "third")
    made.converge()
    assert "third" in names(made)
    made.end(PAYMENTS, REGION, instance)
    made.converge()
    assert len(made.logged(NAMES.sweeper_function, "task dropped")) == arrived


def test_o4_a_member_account_cannot_report_changes(made: World) -> None:
    """The hub's bus refuses an event of Route 53 from any rule outside the networking account."""
    event = {
        "version": "0",
        "id": "1",
        "detail-type": contract.CALL_DETAIL_TYPE,
        "source": contract.ZONE_SOURCE,
        "account": PAYMENTS,
        "time": "2026-11-02T09:00:00Z",
        "region": REGION,
        "resources": [],
        "detail": {"eventName": contract.ZONE_CALL, "requestParameters": {}},
    }
    events = made.client("events", PAYMENTS, REGION)
    target = events.list_targets_by_rule(Rule="orgdns-instance-states")["Targets"][0]
    pattern = '{"source": ["aws.route53"]}'
    events.put_rule(Name="orgdns-instance-states", EventPattern=pattern)
    undelivered = len(made.router.undelivered)
    try:
        made.router.emit(event)
    finally:
        events.put_rule(Name="orgdns-instance-states", EventPattern='{"source": ["aws.ec2"]}')
    assert target["Arn"].endswith("event-bus/orgdns")
    assert made.router.undelivered[undelivered].code == "NO_PERMISSIONS"


def test_o4_a_pause_holds_repairs_back(made: World, clock: MovedClock, octodns: Any) -> None:  # noqa: ANN401
    """Nothing is written during a pause; its end audits every zone."""
    statuses(made, clock).pause("the zones are being moved")
    delete(made, octodns, "second")
    made.converge()
    assert "second" not in names(made)
    statuses(made, clock).resume()
    made.sweep()
    assert "second" in names(made)
