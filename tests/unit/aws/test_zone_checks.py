"""Whether the writer role may change a zone is asked without a change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.stub import Stubber

from hub.runtime.aws.pace.calls import LONGEST_WAIT
from hub.runtime.aws.zone_checks import ZoneChecks
from hub.runtime.aws.zones import WriterZones
from hub.runtime.model.names import Fqdn
from hub.runtime.model.owner import DEFAULT_OWNER as OWNER
from hub.runtime.ports import NoTurn, ZoneClosed, ZoneUnavailable
from hub.runtime.rate_limit import Demand
from sandbox.bench.pace import turns_in_memory
from tests.support.aws.clients import LAUNCHED, SESSION, OneClient
from tests.support.build import CORP, CORP_ZONE
from tests.support.memory import MemoryClock

LIST, CHANGE = "list_resource_record_sets", "change_resource_record_sets"
NOTHING = {"ResourceRecordSets": [], "IsTruncated": False, "MaxItems": "300"}
ABSENT = "[Tried to delete resource record set [name='orgdns-check.corp.internal.', type='A'] but it was not found]"


@dataclass(slots=True)
class World:
    """The check of a zone, and what Route 53 answers to it."""

    clients: OneClient
    stubber: Stubber
    clock: MemoryClock

    def check(self, domain: Fqdn = CORP, *, writes: bool = True) -> None:
        turns = turns_in_memory(1.0, self.clock, self.clock.sleep)
        zones = WriterZones(self.clients, "arn:aws:iam::3:role/orgdns-writer", turns, OWNER)  # type: ignore[arg-type]  # stands for AssumedClients
        ZoneChecks(zones).check(CORP_ZONE, domain, writes=writes)
        self.stubber.assert_no_pending_responses()


@pytest.fixture
def world() -> Iterator[World]:
    client = SESSION.client("route53")
    with Stubber(client) as stubber:
        yield World(OneClient(client), stubber, MemoryClock())


@pytest.mark.parametrize(
    ("domain", "of_type", "value"),
    [
        (CORP, "A", "192.0.2.1"),
        (Fqdn("10.in-addr.arpa."), "PTR", "orgdns-check.invalid."),
        (Fqdn("8.b.d.0.1.0.0.2.ip6.arpa."), "PTR", "orgdns-check.invalid."),
    ],
)
def test_check_deletes_what_nobody_has(world: World, domain: Fqdn, of_type: str, value: str) -> None:
    """Of the type that the zone has, and the role may change. That Route 53 refuses it means that the zone is open."""
    name = f"orgdns-check.{domain}"
    record_set: dict[str, Any] = {
        "Name": name,
        "Type": of_type,
        "TTL": 0,
        "ResourceRecords": [{"Value": value}],
        "SetIdentifier": "orgdns/orgdns-check",
        "MultiValueAnswer": True,
    }
    world.stubber.add_response(LIST, NOTHING, {"HostedZoneId": CORP_ZONE, "StartRecordName": name})
    batch = {"Changes": [{"Action": "DELETE", "ResourceRecordSet": record_set}]}
    expected = {"HostedZoneId": CORP_ZONE, "ChangeBatch": batch}
    world.stubber.add_client_error(CHANGE, "InvalidChangeBatch", ABSENT, expected_params=expected)
    world.check(domain)


def test_deletion_that_succeeds_means_that_the_zone_is_open(world: World) -> None:
    """Someone may have made exactly this record set."""
    world.stubber.add_response(LIST, NOTHING)
    info = {"ChangeInfo": {"Id": "C1", "Status": "PENDING", "SubmittedAt": LAUNCHED}}
    world.stubber.add_response(CHANGE, info)
    world.check()


@pytest.mark.parametrize("operation", [LIST, CHANGE])
@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        ("AccessDenied", 403, ZoneClosed),
        ("NoSuchHostedZone", 404, ZoneClosed),
        ("Throttling", 400, ZoneUnavailable),
        ("ServiceUnavailable", 503, ZoneUnavailable),
        ("NeverSeen", 500, ZoneUnavailable),
    ],
)
def test_zone_that_may_not_be_read_or_changed(
    world: World, operation: str, code: str, status: int, expected: type[Exception]
) -> None:
    """A denial of either call closes the zone; what may pass says nothing of it. The reason has the code."""
    if operation == CHANGE:
        world.stubber.add_response(LIST, NOTHING)
    world.stubber.add_client_error(operation, code, "no", http_status_code=status)
    with pytest.raises(expected, match=f"{CORP_ZONE}.*{code}"):
        world.check()


def test_unknown_refusal_of_the_change_says_nothing(world: World) -> None:
    """Whether it is due to the deletion or to the zone is not known, so the zone is neither open nor closed."""
    world.stubber.add_response(LIST, NOTHING)
    world.stubber.add_client_error(CHANGE, "NeverSeen", "what", http_status_code=418)
    with pytest.raises(ZoneUnavailable, match=f"{CORP_ZONE}: NeverSeen: what"):
        world.check()


def test_denial_of_an_old_session_says_nothing(world: World) -> None:
    """The role may have been created again. The next heartbeat checks with a new session."""
    world.clients.old_session = True
    world.stubber.add_client_error(LIST, "AccessDenied")
    with pytest.raises(ZoneUnavailable):
        world.check()


class Taken:
    """Stands for the turns, of which others take all: a call would wait for ever so long."""

    def __init__(self) -> None:
        self.longest: list[float | None] = []

    def take(self, _demand: Demand, wait: float | None = None) -> None:
        self.longest.append(wait)
        raise NoTurn(60.0)


def test_check_does_not_wait_for_long(world: World) -> None:
    """A burst needs the turns more than a check does, and nothing is called."""
    turns = Taken()
    zones = WriterZones(world.clients, "arn:aws:iam::3:role/orgdns-writer", turns, OWNER)  # type: ignore[arg-type]  # as above
    with pytest.raises(NoTurn):
        ZoneChecks(zones).check(CORP_ZONE, CORP)
    assert turns.longest == [LONGEST_WAIT]


def test_check_without_writes_only_reads(world: World) -> None:
    """In a dry run, not even a change that Route 53 refuses is sent."""
    world.stubber.add_response(LIST, NOTHING)
    world.check(writes=False)
