"""Change batches and listings through boto3: refusals, pages, throttling."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.sandbox.zone_owner import OTHER_ACCOUNT, ZoneOwner, change, new_vpc, refusal, send

if TYPE_CHECKING:
    from mypy_boto3_route53.type_defs import ChangeTypeDef


def test_refused_batch_names_every_fault(owner: ZoneOwner) -> None:
    """The API returns InvalidChangeBatch, HTTP 400 and every message in brackets; nothing changes."""
    send(owner, change("CREATE"))
    before = owner.strict.record_sets("Z0CORP")
    code, message, status = refusal(
        lambda: send(owner, change("CREATE", identifier="two"), change("CREATE"), change("DELETE", "a.corp.internal")),
    )
    assert (code, status) == ("InvalidChangeBatch", 400)
    assert message == (
        "[Tried to create resource record set [name='web.corp.internal.', type='A', set-identifier='one'] "
        "but it already exists, "
        "Tried to delete resource record set [name='a.corp.internal.', type='A', set-identifier='one'] "
        "but it was not found]"
    )
    assert owner.strict.record_sets("Z0CORP") == before
    logged = [(batch.zone_id, batch.changes, batch.outcome) for batch in owner.strict.batches]
    assert logged == [("Z0CORP", 1, "INSYNC"), ("Z0CORP", 3, "InvalidChangeBatch")]
    assert owner.strict.calls == {"ChangeResourceRecordSets": 2}


def test_malformed_change_is_refused(owner: ZoneOwner) -> None:
    """A label that is too long, a set identifier without a policy, and a missing zone."""
    code, message, _ = refusal(lambda: send(owner, change("CREATE", "a" * 64 + ".corp.internal")))
    assert code == "InvalidChangeBatch"
    assert message.startswith("FATAL problem: DomainLabelTooLong")
    no_policy = change("DELETE")
    del no_policy["ResourceRecordSet"]["MultiValueAnswer"]
    assert refusal(lambda: send(owner, no_policy))[0] == "InvalidInput"
    assert refusal(lambda: send(owner, change("CREATE"), zone_id="Z0NONE"))[0] == "NoSuchHostedZone"


def test_oversized_batch_is_refused(owner: ZoneOwner) -> None:
    """1,000 records are accepted, 1,001 are refused."""
    full = [change("CREATE", f"a{number}.corp.internal") for number in range(1_000)]
    send(owner, *full)
    code, message, _ = refusal(lambda: send(owner, *full, change("CREATE")))
    assert (code, message) == ("InvalidChangeBatch", "[Number of records limit of 1000 exceeded.]")


def test_listing_is_paged_by_reversed_labels(owner: ZoneOwner) -> None:
    """Pages of at most 300 record sets continue through the members of one name; names are escaped."""
    members = [change("CREATE", identifier=f"{number:03}") for number in range(100)]
    others = [change("CREATE", f"a{number:03}.corp.internal") for number in range(250)]
    send(owner, *members, *others, change("CREATE", "*.web.corp.internal"))
    first = owner.route53.list_resource_record_sets(HostedZoneId="Z0CORP", MaxItems="1000")
    assert len(first["ResourceRecordSets"]) == 300
    assert (first["NextRecordName"], first["NextRecordType"]) == ("web.corp.internal.", "A")
    assert first["NextRecordIdentifier"] == "048"
    pages = owner.route53.get_paginator("list_resource_record_sets").paginate(HostedZoneId="Z0CORP")
    listed = [record_set for page in pages for record_set in page["ResourceRecordSets"]]
    keys = [(record_set["Name"], record_set.get("SetIdentifier", record_set["Type"])) for record_set in listed]
    assert len(set(keys)) == len(keys) == 353
    assert keys[-2:] == [("web.corp.internal.", "099"), ("\\052.web.corp.internal.", "one")]
    assert listed[-1]["MultiValueAnswer"] is True
    page = owner.route53.list_resource_record_sets(
        HostedZoneId="Z0CORP",
        StartRecordName="*.WEB.corp.internal",
        MaxItems="1",
    )
    assert [record_set["Name"] for record_set in page["ResourceRecordSets"]] == ["\\052.web.corp.internal."]
    assert not page["IsTruncated"]


def test_listing_start_needs_a_name(owner: ZoneOwner) -> None:
    """A start type without a start name is invalid."""
    listing = owner.route53.list_resource_record_sets
    assert refusal(lambda: listing(HostedZoneId="Z0CORP", StartRecordType="A"))[0] == "InvalidInput"
    assert refusal(lambda: listing(HostedZoneId="Z0CORP", StartRecordName="a..b"))[0] == "InvalidInput"


def test_listed_record_sets_can_be_deleted(owner: ZoneOwner) -> None:
    """Aliases, weights and health checks are listed as they were created, and match in a DELETE."""
    alias: ChangeTypeDef = {
        "Action": "CREATE",
        "ResourceRecordSet": {
            "Name": "alias.corp.internal",
            "Type": "A",
            "SetIdentifier": "heavy",
            "Weight": 0,
            "HealthCheckId": "abc",
            "AliasTarget": {"HostedZoneId": "Z0CORP", "DNSName": "web.corp.internal.", "EvaluateTargetHealth": False},
        },
    }
    send(owner, alias, change("CREATE"), change("CREATE", "simple.corp.internal", identifier=None))
    listed = owner.route53.list_resource_record_sets(HostedZoneId="Z0CORP")["ResourceRecordSets"]
    assert listed[2] == {**alias["ResourceRecordSet"], "Name": "alias.corp.internal."}
    deletes: list[ChangeTypeDef] = [{"Action": "DELETE", "ResourceRecordSet": record_set} for record_set in listed[2:]]
    send(owner, *deletes)
    assert len(owner.strict.record_sets("Z0CORP")) == 2


def test_requests_are_throttled(owner: ZoneOwner) -> None:
    """The fixture made one call: 49 more pass at once, and ten more a second later."""
    for _ in range(49):
        owner.route53.list_hosted_zones()
    throttled = ("Throttling", "Rate exceeded", 400)
    assert refusal(owner.route53.list_hosted_zones) == throttled
    owner.clock.advance(1)
    for _ in range(10):
        owner.route53.list_hosted_zones()
    assert refusal(owner.route53.list_hosted_zones) == throttled
    assert owner.strict.calls["ListHostedZones"] == 61
    assert owner.strict.throttled == {"ListHostedZones": 2}


def test_changes_are_throttled(owner: ZoneOwner) -> None:
    """1,500 tokens, of which the zone's creation took two; a batch takes all of its tokens or none."""
    send(owner, *(change("CREATE", f"a{number}.corp.internal") for number in range(1_000)))
    rest = [change("CREATE", f"b{number}.corp.internal") for number in range(499)]
    assert refusal(lambda: send(owner, *rest)) == ("Throttling", "Rate exceeded", 400)
    assert owner.strict.batches[-1].outcome == "Throttling"
    send(owner, *rest[:498])
    owner.clock.advance(1)
    send(owner, *(change("UPSERT", f"c{number}.corp.internal") for number in range(50)))
    assert refusal(lambda: send(owner, change("CREATE"))) == ("Throttling", "Rate exceeded", 400)


def test_caller_pays_for_the_call(owner: ZoneOwner) -> None:
    """Another account's calls do not empty the bucket of the zone's owner."""
    new_vpc(OTHER_ACCOUNT)
    while owner.strict.account(OTHER_ACCOUNT).admits("GetHostedZone"):
        pass
    owner.route53.list_hosted_zones()


def test_busy_zone_refuses_a_change(owner: ZoneOwner) -> None:
    """A change within the busy time gets PriorRequestNotComplete; a later one passes."""
    owner.strict.limits.busy_seconds = 2
    send(owner, change("CREATE"))
    code, message, status = refusal(lambda: send(owner, change("DELETE")))
    assert (code, status) == ("PriorRequestNotComplete", 400)
    assert "still processing a prior request" in message
    assert owner.strict.batches[-1].outcome == "PriorRequestNotComplete"
    owner.clock.advance(2)
    send(owner, change("DELETE"))


def test_record_set_quota_can_be_set(owner: ZoneOwner) -> None:
    """With room for one record set beside NS and SOA, the second one is refused."""
    owner.strict.limits.record_sets = 3
    message = refusal(lambda: send(owner, change("CREATE"), change("CREATE", identifier="two")))[1]
    assert message == "[Exceeded limit MAX_RRSETS_BY_ZONE for zone: Z0CORP]"
