"""The ledger in DynamoDB: claims, what was published, and what was last seen of each instance.

Every read is strongly consistent. A claim that is withdrawn leaves a tombstone for a day, so that a slow worker with an
older look cannot bring it back; DynamoDB's time to live takes it away.
"""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from hub.runtime import contract
from hub.runtime.aws.rows import (
    Row,
    claim_key,
    claim_of,
    claim_row,
    instance_key,
    label_key,
    name_pk,
    observation_of,
    observation_row,
    published_of,
    published_row,
    read,
    written,
)
from hub.runtime.aws.sessions import error_code
from hub.runtime.model import Claim, InstanceRef, NameKey, NameState, Published
from hub.runtime.ports import LedgerUnavailable, Observation, Outdated

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from mypy_boto3_dynamodb import DynamoDBClient

    from hub.runtime.ports import Clock, Sleep

# No worker lives longer than a function's 15 minutes; a day leaves room for a message on its way.
TOMBSTONE_MILLIS: Final = 86_400_000
# A late event about an instance that has ended finds that it has: EventBridge tries for a day, the queue keeps 4.
ENDED_MILLIS: Final = 7 * 86_400_000
# DynamoDB API Reference, BatchWriteItem: up to 25 put or delete requests.
ROWS_A_WRITE: Final = 25
UNPROCESSED_TRIES: Final = 6


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
            answer = self._client.get_item(TableName=self._table, Key=written(instance_key(ref)), ConsistentRead=True)
        if "Item" not in answer:
            return None
        return observation_of(read(answer["Item"]))

    def put_observation(self, observation: Observation) -> None:
        """Write the row over the version before it.

        Raises:
            Outdated: When another version is there.
            LedgerUnavailable: When it cannot be written.
        """
        row = observation_row(observation)
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
        row = claim_row(claim) | claim_key(claim.key, claim.instance) | {"live": True, "version": version}
        self._put_unless_later(row)

    def withdraw_claim(self, key: NameKey, ref: InstanceRef, version: int) -> None:
        """Withdraw a claim as of this version of its instance's row, unless one of a later version is there.

        Raises:
            LedgerUnavailable: When it cannot be written.
        """
        expiry = self._expiry(TOMBSTONE_MILLIS)
        row = claim_key(key, ref) | {"live": False, "version": version, contract.EXPIRES: expiry}
        self._put_unless_later(row)

    def name(self, key: NameKey) -> NameState:
        """All claims on a name and what was published of it.

        Raises:
            LedgerUnavailable: When it cannot be read to the end.
        """
        values = written({":pk": name_pk(key)})
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
            for row in map(read, page["Items"]):
                if row[contract.SORT_KEY] == contract.PUBLISHED_KEY:
                    published = published_of(key, row)
                elif row.get("live"):
                    claims.append(claim_of(row))
            if not page.get("LastEvaluatedKey"):
                return NameState(key, tuple(claims), published)
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    def put_published(self, published: Collection[tuple[NameKey, Published]]) -> None:
        """Remember what the zone holds of these names.

        Raises:
            LedgerUnavailable: When some row cannot be written.
        """
        rows = [self._noted(key, state) for key, state in published]
        for first in range(0, len(rows), ROWS_A_WRITE):
            self._put_all(rows[first : first + ROWS_A_WRITE])

    def holder_of_label(self, label: str, account_id: str) -> str:
        """The account that has the label: this one, if nobody had it before.

        Raises:
            LedgerUnavailable: When nobody can tell.
        """
        key = label_key(label)
        with suppress(Outdated):
            self._put(key | {"account_id": account_id}, f"attribute_not_exists({contract.PARTITION_KEY})", {})
            return account_id
        with _translated():
            answer = self._client.get_item(TableName=self._table, Key=written(key), ConsistentRead=True)
        if "Item" not in answer:
            raise LedgerUnavailable(f"the holder of the label {label!r} went away meanwhile")
        return str(read(answer["Item"])["account_id"])

    def pass_label(self, label: str, holder: str, account_id: str) -> None:
        """Give the label of an account that does not bear it any more to another.

        Raises:
            Outdated: When the holder is another one by now.
            LedgerUnavailable: When it cannot be written.
        """
        self._put(label_key(label) | {"account_id": account_id}, "account_id = :holder", {":holder": holder})

    def _noted(self, key: NameKey, published: Published) -> Row:
        row = published_row(key, published) | {"at": self._clock()}
        if not (published.record_sets or published.pending or published.conflict):
            # Nothing is held and nothing is under way: nothing is lost with the memory of it.
            row[contract.EXPIRES] = self._expiry(TOMBSTONE_MILLIS)
        return row

    def _put_all(self, rows: Sequence[Row]) -> None:
        requests: Any = {self._table: [{"PutRequest": {"Item": written(row)}} for row in rows]}
        for attempt in range(UNPROCESSED_TRIES):
            with _translated():
                requests = self._client.batch_write_item(RequestItems=requests).get("UnprocessedItems")
            if not requests:
                return
            # BatchWriteItem answers what it could not take, and asks for a backoff (API Reference, BatchWriteItem).
            self._sleep(0.05 * 2**attempt)
        raise LedgerUnavailable(f"{self._table} leaves rows unwritten")

    def _put_unless_later(self, row: Row) -> None:
        condition = f"attribute_not_exists({contract.PARTITION_KEY}) OR version <= :this"
        try:
            self._put(row, condition, {":this": row["version"]})
        except Outdated:
            return

    def _put(self, row: Row, condition: str, values: Row) -> None:
        optional: dict[str, Any] = {"ExpressionAttributeValues": written(values)} if values else {}
        with _translated():
            self._client.put_item(TableName=self._table, Item=written(row), ConditionExpression=condition, **optional)

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
