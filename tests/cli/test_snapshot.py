from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from hub.runtime import contract
from hub.runtime.aws.ledger import rows
from hub.runtime.aws.ledger.table import Table
from hub.runtime.model.names import NEVER, Millis, NameState, Published
from hub.runtime.model.observation import Observation
from hub.runtime.ports import LedgerUnavailable
from orgdns.cli.sources.deployed import Deployed, HubUnknown, deployed, zone_ids_of
from orgdns.cli.sources.ledger import HubLedger
from orgdns.cli.sources.lookup import Lookup, NothingToExplain
from orgdns.cli.sources.snapshot import observations_of_id, snapshot
from orgdns.config.load import load
from tests.support.build import (
    CORP,
    CORP_ZONE,
    EXAMPLE,
    PAYMENTS,
    SEARCH,
    ZONE_IDS,
    claim,
    instance,
    key,
    record_set,
    ref,
)

TABLE = "orgdns-ledger"
Client = Any  # boto3's clients are made when the program runs


def client(service: str) -> Client:
    make: Any = boto3.client
    return make(
        service, region_name="eu-central-1", aws_access_key_id="key", aws_secret_access_key="secret", endpoint_url=None
    )


@pytest.fixture
def dynamodb() -> Iterator[tuple[Client, Stubber]]:
    made = client("dynamodb")
    with Stubber(made) as stub:
        yield made, stub
        stub.assert_no_pending_responses()


def table(made: Client) -> Table:
    return Table(made, TABLE, lambda: NEVER, lambda _seconds: None)


def scanned(stub: Stubber, items: list[rows.Row], start: rows.Row | None = None, last: rows.Row | None = None) -> None:
    asked: dict[str, Any] = {"TableName": TABLE, "ConsistentRead": True}
    answer: dict[str, Any] = {"Items": [rows.written(item) for item in items], "ScannedCount": len(items)}
    stub.add_response(
        "scan",
        answer | ({"LastEvaluatedKey": rows.written(last)} if last else {}),
        asked | ({"ExclusiveStartKey": rows.written(start)} if start else {}),
    )


OBSERVED = Observation(ref(1), Millis(7), (claim(1),), instance=instance(1), account=PAYMENTS, version=2)
CLAIM_ROW = rows.claim_row(claim(1)) | rows.claim_key(key(), ref(1)) | {"live": True, "version": 2}
TOMBSTONE = rows.claim_key(key(), ref(2)) | {"live": False, "version": 2}
PUBLISHED = Published((record_set(1),))
PLACE = rows.claim_key(key(), ref(1))


def test_the_ledger_is_read_to_the_last_page(dynamodb: tuple[Client, Stubber]) -> None:
    """Every page is asked for, consistently, also after an empty one; tombstones and labels are no claims."""
    made, stub = dynamodb
    scanned(stub, [rows.observation_row(OBSERVED), CLAIM_ROW, TOMBSTONE], last=PLACE)
    scanned(stub, [], start=PLACE, last=TOMBSTONE | {})
    scanned(
        stub,
        [rows.published_row(key(), PUBLISHED) | {"at": 1}, rows.label_key("payments") | {"account_id": PAYMENTS.id}],
        start=TOMBSTONE | {},
    )
    told: list[int] = []
    read = snapshot(table(made), told.append)
    assert read.observations == (OBSERVED,)
    assert read.names == {key(): NameState(key(), (claim(1),), PUBLISHED)}
    assert told == [3, 3, 5]


def test_a_page_that_fails_is_no_short_answer(dynamodb: tuple[Client, Stubber]) -> None:
    """Whatever was read before is worth nothing when the rest is unknown."""
    made, stub = dynamodb
    scanned(stub, [CLAIM_ROW], last=PLACE)
    stub.add_client_error("scan", "AccessDeniedException", "no")
    with pytest.raises(LedgerUnavailable, match="cannot be read to the end"):
        snapshot(table(made), lambda _rows: None)


def test_a_row_of_another_version_is_told(dynamodb: tuple[Client, Stubber]) -> None:
    """A row that cannot be read is named, not left out."""
    made, stub = dynamodb
    scanned(stub, [rows.instance_key(ref(1)) | {"something": "else"}])
    with pytest.raises(LedgerUnavailable, match=r"instance#i-.*another version"):
        snapshot(table(made), lambda _rows: None)


def test_an_id_is_found_wherever_it_is(dynamodb: tuple[Client, Stubber]) -> None:
    """All instances with an id are found, on any page, in the order of account and region."""
    made, stub = dynamodb
    other = Observation(ref(1, SEARCH.id), Millis(8))
    asked = {
        "TableName": TABLE,
        "ConsistentRead": True,
        "FilterExpression": "sk = :instance",
        "ExpressionAttributeValues": {":instance": {"S": f"instance#{ref(1).id}"}},
    }
    answer = {"Items": [rows.written(rows.observation_row(other))], "ScannedCount": 9}
    stub.add_response("scan", answer | {"LastEvaluatedKey": rows.written(PLACE)}, asked)
    answer = {"Items": [rows.written(rows.observation_row(OBSERVED))], "ScannedCount": 1}
    stub.add_response("scan", answer, asked | {"ExclusiveStartKey": rows.written(PLACE)})
    assert observations_of_id(table(made), ref(1).id, lambda _rows: None) == (OBSERVED, other)


@pytest.mark.parametrize(
    ("subject", "told"),
    [
        ("web.example.com", r"outside every zone \(zones: corp.internal, instances.internal\)"),
        ("10.0.0.1", "1.0.0.10.in-addr.arpa lies outside every zone"),
        ("a_b.corp.internal", "no instance is ever given such a name"),
        ("x" * 64 + ".corp.internal", "no instance is ever given such a name"),
    ],
)
def test_what_cannot_be_a_name_is_told_without_a_look(
    dynamodb: tuple[Client, Stubber], subject: str, told: str
) -> None:
    """The reason is told, and the ledger is not asked."""
    lookup = Lookup(HubLedger.of(Deployed(ZONE_IDS, TABLE), dynamodb[0]), lambda _rows: None)
    assert not lookup.is_instance(subject)
    with pytest.raises(NothingToExplain, match=told):
        lookup.names(subject)


@pytest.mark.parametrize("subject", ["444444444444/eu-central-1", "444444444444/eu-central-1/web", "1/2/i-00000001"])
def test_what_is_no_instance_is_told(dynamodb: tuple[Client, Stubber], subject: str) -> None:
    """What has slashes is meant as an instance, and must be one."""
    lookup = Lookup(HubLedger.of(Deployed(ZONE_IDS, TABLE), dynamodb[0]), lambda _rows: None)
    assert lookup.is_instance(subject)
    with pytest.raises(NothingToExplain, match="is no instance: write ACCOUNT/REGION/i-"):
        lookup.instances(subject)


def test_a_set_identifier_is_an_instance(dynamodb: tuple[Client, Stubber]) -> None:
    """What the Route 53 console shows beside a record set can be asked about as it stands, with one consistent read."""
    made, stub = dynamodb
    asked = {"TableName": TABLE, "Key": rows.written(rows.instance_key(ref(1))), "ConsistentRead": True}
    ended = Observation(ref(1), Millis(7), ended=True)
    stub.add_response("get_item", {"Item": rows.written(rows.observation_row(ended))}, asked)
    lookup = Lookup(HubLedger.of(Deployed(ZONE_IDS, TABLE), made), lambda _rows: None)
    assert [one.seen for one in lookup.instances(ref(1).set_identifier)] == [ended]


@pytest.fixture
def functions() -> Iterator[tuple[Client, Stubber]]:
    made = client("lambda")
    with Stubber(made) as stub:
        yield made, stub


def configured(stub: Stubber, environment: dict[str, Any]) -> None:
    asked = {"FunctionName": contract.OBSERVER_FUNCTION}
    stub.add_response("get_function_configuration", {"Environment": environment}, asked)


def test_the_observer_says_what_is_deployed(functions: tuple[Client, Stubber]) -> None:
    """Zone ids and table are those in the function's environment."""
    made, stub = functions
    environment = {contract.ENV_ZONE_IDS: json.dumps({CORP: CORP_ZONE}), contract.ENV_LEDGER_TABLE: "table"}
    configured(stub, {"Variables": environment})
    assert deployed(made) == Deployed({CORP: CORP_ZONE}, "table")


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("ResourceNotFoundException", r"no function orgdns-observer in eu-central-1 .*--region or AWS_REGION"),
        ("AccessDeniedException", "may call lambda:GetFunctionConfiguration"),
        ("ExpiredTokenException", r"credentials \(AWS_PROFILE\) are valid"),
    ],
)
def test_a_hub_that_cannot_be_read_is_told(functions: tuple[Client, Stubber], code: str, told: str) -> None:
    """The message says what to do, and what AWS said."""
    made, stub = functions
    stub.add_client_error("get_function_configuration", code, "as AWS puts it")
    with pytest.raises(HubUnknown, match=told) as unknown:
        deployed(made)
    assert "as AWS puts it" in str(unknown.value)


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"Error": {"ErrorCode": "AccessDeniedException", "Message": "the key"}},
        {"Variables": {contract.ENV_ZONE_IDS: "{", contract.ENV_LEDGER_TABLE: "t"}},
        {"Variables": {contract.ENV_ZONE_IDS: "[]", contract.ENV_LEDGER_TABLE: "t"}},
        {"Variables": {contract.ENV_ZONE_IDS: "{}"}},
    ],
)
def test_a_hub_of_another_kind_is_told(functions: tuple[Client, Stubber], environment: dict[str, Any]) -> None:
    """A function without what is needed is not this version's."""
    made, stub = functions
    configured(stub, environment)
    with pytest.raises(HubUnknown, match="deploy the hub template"):
        deployed(made)


def test_ids_of_zones_yet_to_be_created_are_stood_in_for() -> None:
    """The file's id counts first, then the deployed one; a zone that is not there yet is called new."""
    config = load(EXAMPLE)
    there = Deployed({CORP: "Z0DEPLOYED"}, TABLE)
    assert zone_ids_of(config, there) == {CORP: CORP_ZONE, "instances.internal.": "(new) instances.internal."}
    there = Deployed(ZONE_IDS, TABLE)
    assert zone_ids_of(config, there) == dict(ZONE_IDS)
