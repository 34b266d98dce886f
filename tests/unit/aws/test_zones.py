from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.stub import Stubber

from hub.runtime.aws.zones import WriterZones, record_set_of
from hub.runtime.model.names import (
    SIMPLE,
    Action,
    Change,
    ForeignRecordSet,
    RecordSet,
    RecordType,
)
from hub.runtime.model.owner import DEFAULT_OWNER as OWNER
from hub.runtime.ports import BatchRefused, ZoneClosed, ZoneUnavailable
from sandbox.bench.pace import turns_in_memory
from tests.support.aws.clients import LAUNCHED, SESSION, OneClient
from tests.support.build import CORP_ZONE, key, record_set, ref
from tests.support.memory import MemoryClock


def writer_zones(clients: OneClient, clock: MemoryClock) -> WriterZones:
    arn = "arn:aws:iam::3:role/orgdns-writer"
    return WriterZones(clients, arn, turns_in_memory(1.0, clock, clock.sleep), OWNER)  # type: ignore[arg-type]  # as above


class TestZones:
    @pytest.fixture
    def route53(self) -> Iterator[tuple[WriterZones, Stubber]]:
        client = SESSION.client("route53")
        with Stubber(client) as stubber:
            yield writer_zones(OneClient(client), MemoryClock()), stubber

    def test_change_is_sent_as_multivalue_answer(self, route53: tuple[WriterZones, Stubber]) -> None:
        """A change has its owner, its values and its action, which is never UPSERT."""
        zones, stubber = route53
        stubber.add_response(
            "change_resource_record_sets",
            {"ChangeInfo": {"Id": "C1", "Status": "PENDING", "SubmittedAt": LAUNCHED}},
            {
                "HostedZoneId": CORP_ZONE,
                "ChangeBatch": {
                    "Changes": [
                        {
                            "Action": "CREATE",
                            "ResourceRecordSet": {
                                "Name": "web.corp.internal.",
                                "Type": "A",
                                "SetIdentifier": "orgdns/444444444444/eu-central-1/i-00000000000000001",
                                "MultiValueAnswer": True,
                                "TTL": 60,
                                "ResourceRecords": [{"Value": "10.0.0.1"}],
                            },
                        }
                    ]
                },
            },
        )
        zones.change(CORP_ZONE, [Change(Action.CREATE, record_set(1))])
        stubber.assert_no_pending_responses()

    def test_simple_record_set_is_deleted_as_it_is(self, route53: tuple[WriterZones, Stubber]) -> None:
        """The DELETE of another tool's record set has no owner and no routing policy."""
        zones, stubber = route53
        existing = {
            "Name": "web.corp.internal.",
            "Type": "A",
            "TTL": 300,
            "ResourceRecords": [{"Value": "10.0.0.1"}],
        }
        foreign = record_set_of(OWNER, existing)
        assert foreign == ForeignRecordSet(key().fqdn, "A", SIMPLE, ("10.0.0.1",), 300)
        stubber.add_response(
            "change_resource_record_sets",
            {"ChangeInfo": {"Id": "C1", "Status": "PENDING", "SubmittedAt": LAUNCHED}},
            {
                "HostedZoneId": CORP_ZONE,
                "ChangeBatch": {"Changes": [{"Action": "DELETE", "ResourceRecordSet": existing}]},
            },
        )
        simple = RecordSet(foreign.fqdn, RecordType.A, 300, foreign.values, "")
        zones.change(CORP_ZONE, [Change(Action.DELETE, simple)])
        stubber.assert_no_pending_responses()

    @pytest.mark.parametrize(
        ("info", "at"),
        [
            ({"SubmittedAt": datetime(2017, 3, 27, 17, 48, 16, 751_000, UTC)}, 1_490_636_896_751),
            ({"SubmittedAt": datetime(2017, 3, 27, 17, 48, 16)}, None),  # noqa: DTZ001 - AWS says the zone
            ({"SubmittedAt": "yesterday"}, None),
            ({}, None),
            (None, None),
        ],
    )
    def test_change_says_when_it_was_accepted(self, info: object, at: int | None) -> None:
        """In milliseconds; a change whose time is missing or malformed is accepted nevertheless."""

        class Client:
            def change_resource_record_sets(self, **_: object) -> dict[str, object]:
                return {"ChangeInfo": info}

        zones = writer_zones(OneClient(Client()), MemoryClock())
        assert zones.change(CORP_ZONE, [Change(Action.CREATE, record_set(1))]) == at

    def test_refusal_differs_from_no_answer(self, route53: tuple[WriterZones, Stubber]) -> None:
        """A refusal is about the batch; any other error may pass."""
        zones, stubber = route53
        stubber.add_client_error("change_resource_record_sets", "InvalidChangeBatch", "[it already exists]")
        stubber.add_client_error("change_resource_record_sets", "Throttling", "Rate exceeded")
        with pytest.raises(BatchRefused) as refused:
            zones.change(CORP_ZONE, [Change(Action.CREATE, record_set(1))])
        assert refused.value.message == "[it already exists]"
        with pytest.raises(ZoneUnavailable):
            zones.change(CORP_ZONE, [Change(Action.CREATE, record_set(1))])

    @pytest.mark.parametrize("code", ["LimitsExceeded", "ValidationError", "InvalidInput"])
    def test_p5_error_that_never_passes_is_a_refusal(self, route53: tuple[WriterZones, Stubber], code: str) -> None:
        """The refusal's message names the code; Route 53's message alone would not say what it is."""
        zones, stubber = route53
        stubber.add_client_error("change_resource_record_sets", code, "no more")
        with pytest.raises(BatchRefused) as refused:
            zones.change(CORP_ZONE, [Change(Action.CREATE, record_set(1))])
        assert (refused.value.message, refused.value.known) == (f"{code}: no more", True)

    def test_p5_unknown_error_of_a_change_is_a_refusal_that_is_not_known(
        self, route53: tuple[WriterZones, Stubber]
    ) -> None:
        """An unknown error of a change may be due to the batch. An unknown error of AWS's servers passes."""
        zones, stubber = route53
        stubber.add_client_error("change_resource_record_sets", "NeverSeen", "what", http_status_code=418)
        stubber.add_client_error("change_resource_record_sets", "NeverSeen", "what", http_status_code=500)
        with pytest.raises(BatchRefused) as refused:
            zones.change(CORP_ZONE, [Change(Action.CREATE, record_set(1))])
        assert not refused.value.known
        with pytest.raises(ZoneUnavailable):
            zones.change(CORP_ZONE, [Change(Action.CREATE, record_set(1))])

    def test_p5_change_that_the_sdk_does_not_send_is_a_refusal(self, route53: tuple[WriterZones, Stubber]) -> None:
        """What botocore's own validation refuses is refused for good, and for these changes alone."""
        zones, stubber = route53
        info = {"Id": "C1", "Status": "PENDING", "SubmittedAt": LAUNCHED}
        stubber.add_response("change_resource_record_sets", {"ChangeInfo": info})
        with pytest.raises(BatchRefused) as refused:
            zones.change(CORP_ZONE, [Change(Action.CREATE, replace(record_set(1), ttl=-1))])
        assert refused.value.known

    @pytest.mark.parametrize("code", ["InvalidInput", "NeverSeen"])
    def test_p5_listing_that_never_passes_closes_the_zone(
        self, route53: tuple[WriterZones, Stubber], code: str
    ) -> None:
        """The zone's names are tried for two minutes, and then in conflict, with a bounded reason."""
        zones, stubber = route53
        stubber.add_client_error("list_resource_record_sets", code, "x" * 10**6)
        with pytest.raises(ZoneClosed) as closed:
            zones.record_sets(CORP_ZONE, [key().fqdn])
        assert len(str(closed.value)) < 600

    def test_calls_wait_for_their_turn(self) -> None:
        """Beyond the bursts, changes and pages are as fast as Route 53 refills its buckets."""
        client, clock = SESSION.client("route53"), MemoryClock()
        zones = writer_zones(OneClient(client), clock)
        thousand = [Change(Action.CREATE, record_set(number, name=f"n{number}")) for number in range(1000)]
        info = {"Id": "C1", "Status": "PENDING", "SubmittedAt": LAUNCHED}
        with Stubber(client) as stubber:
            for _ in range(3):
                stubber.add_response("change_resource_record_sets", {"ChangeInfo": info})
            began = clock.now
            for _ in range(3):
                zones.change(CORP_ZONE, thousand)
        assert (clock.now - began) / 1000 == pytest.approx(15, abs=0.2)

    def test_throttled_call_slows_the_pace(self) -> None:
        """It makes the next calls wait longer. Another refusal says nothing about the quota."""
        client, clock = SESSION.client("route53"), MemoryClock()
        zones = writer_zones(OneClient(client), clock)
        waits = []
        for code in ("ServiceUnavailable", "Throttling"):
            with Stubber(client) as stubber:
                stubber.add_client_error("change_resource_record_sets", code)
                with pytest.raises(ZoneUnavailable):
                    zones.change(CORP_ZONE, [Change(Action.CREATE, record_set(1))])
            waits.append(zones.delay(1_600))
        assert waits[1] > 1.5 * waits[0] > 0

    def test_closed_zone_differs_from_an_unavailable_one(self) -> None:
        """A denial for a fresh session is final; for an old session it may pass."""
        client = SESSION.client("route53")
        clients = OneClient(client)
        zones = writer_zones(clients, MemoryClock())
        with Stubber(client) as stubber:
            for code in ("AccessDenied", "NoSuchHostedZone", "AccessDenied"):
                stubber.add_client_error("change_resource_record_sets", code)
            for _ in range(2):
                with pytest.raises(ZoneClosed):
                    zones.change(CORP_ZONE, [Change(Action.CREATE, record_set(1))])
            clients.old_session = True
            with pytest.raises(ZoneUnavailable):
                zones.change(CORP_ZONE, [Change(Action.CREATE, record_set(1))])

    def test_many_names_are_read_in_one_pass_of_the_zone(self, route53: tuple[WriterZones, Stubber]) -> None:
        """For many names, the whole zone is read instead of one call a name."""
        zones, stubber = route53
        row = {"Name": "n1.corp.internal.", "Type": "CAA", "TTL": 60, "ResourceRecords": [{"Value": '0 issue "x"'}]}
        stubber.add_response(
            "list_resource_record_sets",
            {"ResourceRecordSets": [row, row | {"Name": "other."}], "IsTruncated": False, "MaxItems": "300"},
            {"HostedZoneId": CORP_ZONE},
        )
        names = [key(f"n{number}").fqdn for number in range(100)]
        found = zones.record_sets(CORP_ZONE, names)
        assert set(found) == set(names)
        assert [name for name, record_sets in found.items() if record_sets.foreign] == ["n1.corp.internal."]

    def test_name_is_read_completely(self, route53: tuple[WriterZones, Stubber]) -> None:
        """All pages of a name's record sets are read, and no other name."""
        zones, stubber = route53

        def row(number: int, name: str = "web.corp.internal.") -> dict[str, Any]:
            return {
                "Name": name,
                "Type": "A",
                "TTL": 60,
                "SetIdentifier": OWNER.set_identifier(str(ref(number))),
                "MultiValueAnswer": True,
                "ResourceRecords": [{"Value": f"10.0.0.{number}"}],
            }

        more = {"IsTruncated": True, "MaxItems": "300", "NextRecordName": "web.corp.internal.", "NextRecordType": "A"}
        stubber.add_response(
            "list_resource_record_sets",
            {"ResourceRecordSets": [row(1)], "NextRecordIdentifier": OWNER.set_identifier(str(ref(2)))} | more,
            {"HostedZoneId": CORP_ZONE, "StartRecordName": "web.corp.internal."},
        )
        stubber.add_response(
            "list_resource_record_sets",
            {"ResourceRecordSets": [row(2), row(3, "zoo.corp.internal.")], "IsTruncated": False, "MaxItems": "300"},
            {
                "HostedZoneId": CORP_ZONE,
                "StartRecordName": "web.corp.internal.",
                "StartRecordType": "A",
                "StartRecordIdentifier": OWNER.set_identifier(str(ref(2))),
            },
        )
        assert zones.record_sets(CORP_ZONE, [key().fqdn])[key().fqdn].owned == (record_set(1), record_set(2))

    @pytest.mark.parametrize(
        ("change", "routing"),
        [
            ({"SetIdentifier": "blue"}, "MultiValueAnswer"),
            ({"SetIdentifier": "orgdns/444444444444/eu-central-1/i-0000000000000000z"}, "MultiValueAnswer"),
            ({"Type": "CAA"}, "MultiValueAnswer"),
            ({"MultiValueAnswer": None, "Weight": 10}, "Weight"),
            ({"HealthCheckId": "abc"}, "MultiValueAnswer"),
            # A health check watches it, so it is not a plain record that orgdns may take over.
            ({"HealthCheckId": "abc", "MultiValueAnswer": None, "SetIdentifier": None}, "HealthCheckId"),
        ],
    )
    def test_what_is_not_exactly_ours_is_foreign(self, change: dict[str, Any], routing: str) -> None:
        """A record set is ours by its routing, type and owner together; any other is foreign."""
        ours = {
            "Name": "web.corp.internal.",
            "Type": "A",
            "TTL": 60,
            "SetIdentifier": OWNER.set_identifier(str(ref(1))),
            "MultiValueAnswer": True,
            "ResourceRecords": [{"Value": "10.0.0.1"}],
        }
        assert record_set_of(OWNER, ours) == record_set(1)
        values = [{"Value": "10.0.0.2"}, {"Value": "10.0.0.1"}]
        several = record_set_of(OWNER, ours | {"ResourceRecords": values})
        assert several == replace(record_set(1), values=("10.0.0.1", "10.0.0.2"))
        altered = {name: value for name, value in (ours | change).items() if value is not None}
        foreign = record_set_of(OWNER, altered)
        assert isinstance(foreign, ForeignRecordSet)
        assert foreign.routing == routing
