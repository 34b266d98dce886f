"""The ledger in DynamoDB: claims, what was published, and what was last seen of each instance.

Every read is strongly consistent. A claim that is withdrawn leaves a tombstone for a day, so that a slow worker with an
older look cannot bring it back; DynamoDB's time to live takes it away.
"""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import BotoCoreError, ClientError

from hub.runtime import contract
from hub.runtime.aws.sessions import error_code
from hub.runtime.model import (
    Claim,
    ConflictRule,
    Fqdn,
    InstanceRef,
    Millis,
    NameKey,
    NameState,
    Published,
    RecordSet,
    RecordType,
)
from hub.runtime.ports import LedgerUnavailable, Observation, Outdated

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from mypy_boto3_dynamodb import DynamoDBClient

    from hub.runtime.ports import Clock, Sleep

# No worker lives longer than a function's 15 minutes; a day leaves room for a message on its way.
TOMBSTONE_MILLIS: Final = 86_400_000
# A late event about an instance that has ended finds that it has: EventBridge tries for a day, the queue keeps 4.
ENDED_MILLIS: Final = 7 * 86_400_000
# DynamoDB API Reference, BatchWriteItem: up to 25 put or delete requests.
ROWS_A_WRITE: Final = 25
UNPROCESSED_TRIES: Final = 6

_Row = dict[str, Any]


class DynamoLedger:
    """Both sides of the ledger: the observer's and the publisher's."""

    def __init__(self, client: DynamoDBClient, table: str, clock: Clock, sleep: Sleep) -> None:
        self._client = client
        self._table = table
        self._clock = clock
        self._sleep = sleep

    def observation(self, ref: InstanceRef) -> Observation | None:
        """The instance's row.

        Raises:
            LedgerUnavailable: When it cannot be read.
        """
        with _translated():
            answer = self._client.get_item(TableName=self._table, Key=_written(_instance_key(ref)), ConsistentRead=True)
        if "Item" not in answer:
            return None
        row = _read(answer["Item"])
        return Observation(
            ref=ref,
            observed_at=Millis(int(row["observed_at"])),
            claims=tuple(_claim(claim) for claim in row["claims"]),
            ended=row["ended"],
            settled=row["settled"],
            version=int(row["version"]),
        )

    def put_observation(self, observation: Observation) -> None:
        """Write the row over the version before it.

        Raises:
            Outdated: When another version is there.
            LedgerUnavailable: When it cannot be written.
        """
        row: _Row = {
            **_instance_key(observation.ref),
            "observed_at": observation.observed_at,
            "claims": [_claim_row(claim) for claim in observation.claims],
            "ended": observation.ended,
            "settled": observation.settled,
            "version": observation.version,
        }
        if observation.ended:
            row[contract.EXPIRES] = self._expiry(ENDED_MILLIS)
        if observation.version == 1:
            self._put(row, f"attribute_not_exists({contract.PARTITION_KEY})", {})
        else:
            self._put(row, "version = :before", {":before": observation.version - 1})

    def put_claim(self, claim: Claim, version: int) -> None:
        """Write a claim of this version of its instance's row, unless one of a later version is there.

        Raises:
            LedgerUnavailable: When it cannot be written.
        """
        row = _claim_row(claim) | _claim_key(claim.key, claim.instance) | {"live": True, "version": version}
        self._put_unless_later(row)

    def withdraw_claim(self, key: NameKey, ref: InstanceRef, version: int) -> None:
        """Withdraw a claim as of this version of its instance's row, unless one of a later version is there.

        Raises:
            LedgerUnavailable: When it cannot be written.
        """
        expiry = self._expiry(TOMBSTONE_MILLIS)
        row = _claim_key(key, ref) | {"live": False, "version": version, contract.EXPIRES: expiry}
        self._put_unless_later(row)

    def name(self, key: NameKey) -> NameState:
        """All claims on a name and what was published of it.

        Raises:
            LedgerUnavailable: When it cannot be read to the end.
        """
        values = _written({":pk": _name_pk(key)})
        claims: list[Claim] = []
        published = Published()
        start: dict[str, Any] = {}
        while True:
            with _translated():
                page = self._client.query(
                    TableName=self._table,
                    KeyConditionExpression=f"{contract.PARTITION_KEY} = :pk",
                    ExpressionAttributeValues=values,
                    ConsistentRead=True,
                    **start,
                )
            for row in map(_read, page["Items"]):
                if row[contract.SORT_KEY] == contract.PUBLISHED_KEY:
                    published = _published(key, row)
                elif row.get("live"):
                    claims.append(_claim(row))
            if not page.get("LastEvaluatedKey"):
                return NameState(key, tuple(claims), published)
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    def put_published(self, published: Collection[tuple[NameKey, Published]]) -> None:
        """Remember what the zone holds of these names.

        Raises:
            LedgerUnavailable: When some row cannot be written.
        """
        rows = [self._published_row(key, state) for key, state in published]
        for first in range(0, len(rows), ROWS_A_WRITE):
            self._put_all(rows[first : first + ROWS_A_WRITE])

    def holder_of_label(self, label: str, account_id: str) -> str:
        """The account that has the label: this one, if nobody had it before.

        Raises:
            LedgerUnavailable: When nobody can tell.
        """
        key = _label_key(label)
        with suppress(Outdated):
            self._put(key | {"account_id": account_id}, f"attribute_not_exists({contract.PARTITION_KEY})", {})
            return account_id
        with _translated():
            answer = self._client.get_item(TableName=self._table, Key=_written(key), ConsistentRead=True)
        if "Item" not in answer:
            raise LedgerUnavailable(f"the holder of the label {label!r} went away meanwhile")
        return str(_read(answer["Item"])["account_id"])

    def pass_label(self, label: str, holder: str, account_id: str) -> None:
        """Give the label of an account that does not bear it any more to another.

        Raises:
            Outdated: When the holder is another one by now.
            LedgerUnavailable: When it cannot be written.
        """
        self._put(_label_key(label) | {"account_id": account_id}, "account_id = :holder", {":holder": holder})

    def _published_row(self, key: NameKey, published: Published) -> _Row:
        row = _published_row(key, published) | {"at": self._clock()}
        if not (published.record_sets or published.pending or published.conflict):
            # Nothing is held and nothing is under way: nothing is lost with the memory of it.
            row[contract.EXPIRES] = self._expiry(TOMBSTONE_MILLIS)
        return row

    def _put_all(self, rows: Sequence[_Row]) -> None:
        requests: Any = {self._table: [{"PutRequest": {"Item": _written(row)}} for row in rows]}
        for attempt in range(UNPROCESSED_TRIES):
            with _translated():
                requests = self._client.batch_write_item(RequestItems=requests).get("UnprocessedItems")
            if not requests:
                return
            # BatchWriteItem answers what it could not take, and asks for a backoff (API Reference, BatchWriteItem).
            self._sleep(0.05 * 2**attempt)
        raise LedgerUnavailable(f"{self._table} leaves rows unwritten")

    def _put_unless_later(self, row: _Row) -> None:
        condition = f"attribute_not_exists({contract.PARTITION_KEY}) OR version <= :this"
        try:
            self._put(row, condition, {":this": row["version"]})
        except Outdated:
            return

    def _put(self, row: _Row, condition: str, values: _Row) -> None:
        optional: dict[str, Any] = {"ExpressionAttributeValues": _written(values)} if values else {}
        with _translated():
            self._client.put_item(TableName=self._table, Item=_written(row), ConditionExpression=condition, **optional)

    def _expiry(self, after: int) -> int:
        """Seconds since the epoch, as DynamoDB's time to live wants them."""
        return (self._clock() + after) // 1000


@contextmanager
def _translated() -> Iterator[None]:
    """AWS's errors in the words of our ports."""
    try:
        yield
    except ClientError as error:
        if error_code(error) == "ConditionalCheckFailedException":
            raise Outdated(str(error)) from error
        raise LedgerUnavailable(str(error)) from error
    except BotoCoreError as error:
        raise LedgerUnavailable(str(error)) from error


def name_key_of(partition_key: str) -> NameKey:
    """The name that a claim's partition key stands for."""
    _, zone_id, fqdn = partition_key.split("#", 2)
    return NameKey(zone_id, Fqdn(fqdn))


def _name_pk(key: NameKey) -> str:
    return f"{contract.NAME_PREFIX}{key.zone_id}#{key.fqdn}"


def _label_key(label: str) -> _Row:
    return {contract.PARTITION_KEY: f"{contract.LABEL_PREFIX}{label}", contract.SORT_KEY: contract.HOLDER_KEY}


def _claim_key(key: NameKey, ref: InstanceRef) -> _Row:
    return {contract.PARTITION_KEY: _name_pk(key), contract.SORT_KEY: f"{contract.CLAIM_PREFIX}{ref}"}


def _instance_key(ref: InstanceRef) -> _Row:
    return {
        contract.PARTITION_KEY: f"{contract.SPOKE_PREFIX}{ref.account}#{ref.region}",
        contract.SORT_KEY: f"{contract.INSTANCE_PREFIX}{ref.id}",
    }


def _claim_row(claim: Claim) -> _Row:
    return {
        "zone_id": claim.key.zone_id,
        "fqdn": claim.key.fqdn,
        "instance": str(claim.instance),
        "values": {record_type.value: list(values) for record_type, values in claim.values},
        "ttl": claim.ttl,
        "conflict": claim.conflict.value,
        "rule": claim.rule,
        "launched_at": claim.launched_at,
    }


def _claim(row: Mapping[str, Any]) -> Claim:
    return Claim(
        key=NameKey(row["zone_id"], Fqdn(row["fqdn"])),
        instance=InstanceRef.parse(row["instance"]),
        values=tuple((RecordType(name), tuple(values)) for name, values in sorted(row["values"].items())),
        ttl=int(row["ttl"]),
        conflict=ConflictRule(row["conflict"]),
        rule=row["rule"],
        launched_at=Millis(int(row["launched_at"])),
    )


def _published_row(key: NameKey, published: Published) -> _Row:
    row: _Row = {
        contract.PARTITION_KEY: _name_pk(key),
        contract.SORT_KEY: contract.PUBLISHED_KEY,
        "pending": published.pending,
        "record_sets": [
            {"type": one.type.value, "ttl": one.ttl, "values": list(one.values), "set_identifier": one.set_identifier}
            for one in published.record_sets
        ],
    }
    return row | ({"conflict": published.conflict} if published.conflict else {})


def _published(key: NameKey, row: Mapping[str, Any]) -> Published:
    return Published(
        record_sets=tuple(
            RecordSet(
                fqdn=key.fqdn,
                type=RecordType(one["type"]),
                ttl=int(one["ttl"]),
                values=tuple(one["values"]),
                set_identifier=one["set_identifier"],
            )
            for one in row["record_sets"]
        ),
        pending=row["pending"],
        conflict=row.get("conflict"),
    )


def _written(row: Mapping[str, Any]) -> dict[str, Any]:
    serialize = TypeSerializer().serialize
    return {name: serialize(value) for name, value in row.items()}


def _read(attributes: Mapping[str, Any]) -> _Row:
    deserialize = TypeDeserializer().deserialize
    return {name: deserialize(value) for name, value in attributes.items()}
