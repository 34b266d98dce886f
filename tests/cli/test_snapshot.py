from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from hub.runtime import contract
from hub.runtime.aws.ledger import rows
from hub.runtime.aws.ledger.attributes import written
from hub.runtime.aws.ledger.table import Table
from hub.runtime.aws.ledger.zone.published import published_row
from hub.runtime.boundary.schema import SCHEMA
from hub.runtime.installation import DEFAULT_NAMES as NAMES
from hub.runtime.model.labels import HeldLabel
from hub.runtime.model.names import NEVER, Millis, NameState, Published
from hub.runtime.model.observation import Observation
from hub.runtime.model.owner import DEFAULT_OWNER as OWNER
from hub.runtime.policy.zone_ids import encoded
from hub.runtime.ports import LedgerUnavailable
from orgdns.cli.sources.deployed import Deployed, HubUnknown, deployed, zone_ids_of
from orgdns.cli.sources.ledger import HubLedger
from orgdns.cli.sources.lookup import Lookup, NothingToExplain
from orgdns.cli.sources.snapshot import observations_of_id, snapshot
from orgdns.config.load import load
from orgdns.config.sections.accounts import Guards
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
    request: dict[str, Any] = {"TableName": TABLE, "ConsistentRead": True}
    answer: dict[str, Any] = {"Items": [written(item) for item in items], "ScannedCount": len(items)}
    stub.add_response(
        "scan",
        answer | ({"LastEvaluatedKey": written(last)} if last else {}),
        request | ({"ExclusiveStartKey": written(start)} if start else {}),
    )


OBSERVED = Observation(ref(1), Millis(7), (claim(1),), instance=instance(1), account=PAYMENTS, version=2)
CLAIM_ROW = rows.claim_row(claim(1)) | rows.claim_key(key(), ref(1)) | {"live": True, "version": 2}
TOMBSTONE = rows.claim_key(key(), ref(2)) | {"live": False, "version": 2}
PUBLISHED = Published((record_set(1),))
LABEL_ROW = {
    contract.PARTITION_KEY: contract.LABELS_KEY,
    contract.SORT_KEY: "label#payments",
    "account_id": PAYMENTS.id,
    "reserved": True,
    "version": 1,
}
PLACE = rows.claim_key(key(), ref(1))


def test_ledger_is_read_to_the_last_page(dynamodb: tuple[Client, Stubber]) -> None:
    """All pages are read consistently, even after an empty page. Tombstones and labels are not claims."""
    made, stub = dynamodb
    scanned(stub, [rows.observation_row(OBSERVED), CLAIM_ROW, TOMBSTONE], last=PLACE)
    scanned(stub, [], start=PLACE, last=TOMBSTONE | {})
    scanned(
        stub,
        [published_row(key(), PUBLISHED) | {"at": 1}, LABEL_ROW],
        start=TOMBSTONE | {},
    )
    progress: list[int] = []
    read = snapshot(table(made), progress.append)
    assert read.observations == (OBSERVED,)
    assert read.names == {key(): NameState(key(), (claim(1),), PUBLISHED, frozenset({ref(2)}))}
    assert read.labels == (HeldLabel("payments", PAYMENTS.id, version=1),)
    assert progress == [3, 3, 5]


def test_failed_page_fails_the_snapshot(dynamodb: tuple[Client, Stubber]) -> None:
    """An incomplete snapshot of the ledger is an error."""
    made, stub = dynamodb
    scanned(stub, [CLAIM_ROW], last=PLACE)
    stub.add_client_error("scan", "AccessDeniedException", "no")
    with pytest.raises(LedgerUnavailable, match="cannot be read completely"):
        snapshot(table(made), lambda _rows: None)


def test_p2_row_that_cannot_be_read_is_named(dynamodb: tuple[Client, Stubber]) -> None:
    """A row that cannot be read is named with the reason, and the others are read."""
    made, stub = dynamodb
    later = CLAIM_ROW | {"schema": SCHEMA + 1}
    scanned(stub, [rows.instance_key(ref(1)) | {"something": "else"}, later, rows.observation_row(OBSERVED)])
    read = snapshot(table(made), lambda _rows: None)
    assert read.observations == (OBSERVED,)
    garbled, of_name = read.unreadable
    assert garbled.what == f"spoke#{PAYMENTS.id}#eu-central-1 / instance#{ref(1).id}"
    assert of_name.what == f"{key().fqdn} / claim#{ref(1)}"
    later_version = f"its schema is {SCHEMA + 1}, this version reads {SCHEMA}"
    assert of_name.reason == f"a later version of orgdns wrote the row: {later_version}"
    assert read.names[key()].unreadable


def test_id_is_found_in_any_account_and_region(dynamodb: tuple[Client, Stubber]) -> None:
    """All instances with the id are found, on any page, sorted by account and region."""
    made, stub = dynamodb
    other = Observation(ref(1, SEARCH.id), Millis(8))
    request = {
        "TableName": TABLE,
        "ConsistentRead": True,
        "FilterExpression": "sk = :instance",
        "ExpressionAttributeValues": {":instance": {"S": f"instance#{ref(1).id}"}},
    }
    answer = {"Items": [written(rows.observation_row(other))], "ScannedCount": 9}
    stub.add_response("scan", answer | {"LastEvaluatedKey": written(PLACE)}, request)
    answer = {"Items": [written(rows.observation_row(OBSERVED))], "ScannedCount": 1}
    stub.add_response("scan", answer, request | {"ExclusiveStartKey": written(PLACE)})
    found = observations_of_id(table(made), ref(1).id, lambda _rows: None)
    assert found == {OBSERVED.ref: OBSERVED, other.ref: other}


@pytest.mark.parametrize(
    ("subject", "message"),
    [
        ("web.example.com", r"is outside every zone \(zones: corp.internal, instances.internal\)"),
        ("10.0.0.1", "1.0.0.10.in-addr.arpa is outside every zone"),
        ("a_b.corp.internal", "no instance can have such a name"),
        ("x" * 64 + ".corp.internal", "no instance can have such a name"),
    ],
)
def test_impossible_name_is_refused_without_a_read(
    dynamodb: tuple[Client, Stubber], subject: str, message: str
) -> None:
    """The error gives the reason, and the ledger is not read."""
    lookup = Lookup(HubLedger.of(Deployed(ZONE_IDS, TABLE), dynamodb[0]), lambda _rows: None)
    assert not lookup.is_instance(subject)
    with pytest.raises(NothingToExplain, match=message):
        lookup.names(subject)


@pytest.mark.parametrize("subject", ["444444444444/eu-central-1", "444444444444/eu-central-1/web", "1/2/i-00000001"])
def test_malformed_instance_is_refused(dynamodb: tuple[Client, Stubber], subject: str) -> None:
    """A text with slashes means an instance, and must have its form."""
    lookup = Lookup(HubLedger.of(Deployed(ZONE_IDS, TABLE), dynamodb[0]), lambda _rows: None)
    assert lookup.is_instance(subject)
    with pytest.raises(NothingToExplain, match="is not an instance: write ACCOUNT/REGION/i-"):
        lookup.instances(subject)


def test_set_identifier_finds_its_instance(dynamodb: tuple[Client, Stubber]) -> None:
    """The SetIdentifier that the Route 53 console shows can be used as is, and costs one consistent read."""
    made, stub = dynamodb
    request = {"TableName": TABLE, "Key": written(rows.instance_key(ref(1))), "ConsistentRead": True}
    ended = Observation(ref(1), Millis(7), ended=True)
    stub.add_response("get_item", {"Item": written(rows.observation_row(ended))}, request)
    lookup = Lookup(HubLedger.of(Deployed(ZONE_IDS, TABLE), made), lambda _rows: None)
    assert [report.observation for report in lookup.instances(OWNER.set_identifier(str(ref(1))))] == [ended]


@pytest.fixture
def functions() -> Iterator[tuple[Client, Stubber]]:
    made = client("lambda")
    with Stubber(made) as stub:
        yield made, stub


ZONES = encoded({CORP: CORP_ZONE})


def configured(stub: Stubber, environment: dict[str, Any]) -> None:
    request = {"FunctionName": NAMES.observer_function, "Qualifier": contract.LIVE_ALIAS}
    stub.add_response("get_function_configuration", {"Environment": environment}, request)


def test_deployed_values_come_from_the_observer(functions: tuple[Client, Stubber]) -> None:
    """The zone ids, the table and the limits come from the environment of the version that runs."""
    made, stub = functions
    limits = Guards().limits
    environment = {
        contract.ENV_ZONE_IDS: ZONES,
        contract.ENV_LEDGER_TABLE: "table",
        contract.ENV_LIMITS: json.dumps(asdict(limits)),
    }
    configured(stub, {"Variables": environment})
    assert deployed(made, NAMES) == Deployed({CORP: CORP_ZONE}, "table", limits)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (
            "ResourceNotFoundException",
            r"orgdns-observer does not exist in eu-central-1 .*--region or AWS_REGION",
        ),
        ("AccessDeniedException", "may call lambda:GetFunctionConfiguration"),
        ("ExpiredTokenException", r"credentials \(--profile or AWS_PROFILE\) are valid"),
    ],
)
def test_unreadable_hub_is_an_error(functions: tuple[Client, Stubber], code: str, message: str) -> None:
    """The message says what to do, and what AWS said."""
    made, stub = functions
    stub.add_client_error("get_function_configuration", code, "as AWS puts it")
    with pytest.raises(HubUnknown, match=message) as unknown:
        deployed(made, NAMES)
    assert "as AWS puts it" in str(unknown.value)


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"Error": {"ErrorCode": "AccessDeniedException", "Message": "the key"}},
        {"Variables": {contract.ENV_ZONE_IDS: "{", contract.ENV_LEDGER_TABLE: "t"}},
        {"Variables": {contract.ENV_ZONE_IDS: "[]", contract.ENV_LEDGER_TABLE: "t"}},
        {"Variables": {contract.ENV_ZONE_IDS: ZONES}},
        {"Variables": {contract.ENV_ZONE_IDS: ZONES, contract.ENV_LEDGER_TABLE: "t"}},
        {"Variables": {contract.ENV_ZONE_IDS: ZONES, contract.ENV_LEDGER_TABLE: "t", contract.ENV_LIMITS: '{"x": 1}'}},
    ],
)
def test_hub_of_another_version_is_an_error(functions: tuple[Client, Stubber], environment: dict[str, Any]) -> None:
    """A function without the expected environment belongs to another version."""
    made, stub = functions
    configured(stub, environment)
    with pytest.raises(HubUnknown, match="deploy the hub template"):
        deployed(made, NAMES)


def test_new_zones_have_placeholder_ids() -> None:
    """The id in the file comes first, then the deployed id. A zone that does not exist yet is marked as new."""
    config = load(EXAMPLE)
    hub = Deployed({CORP: "Z0DEPLOYED"}, TABLE)
    assert zone_ids_of(config, hub) == {CORP: CORP_ZONE, "instances.internal.": "(new) instances.internal."}
    hub = Deployed(ZONE_IDS, TABLE)
    assert zone_ids_of(config, hub) == dict(ZONE_IDS)
