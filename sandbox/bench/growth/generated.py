"""A ledger of very many instances, each with a name, which answers scans and queries from generated rows.

Pages are JSON, as DynamoDB sends it, so that parsing them takes the time that it takes.
"""

from __future__ import annotations

import json
import time
from math import ceil
from typing import TYPE_CHECKING, Any, Final

from hub.runtime import contract
from hub.runtime.aws.ledger.attributes import written
from hub.runtime.aws.ledger.rows import claim_key, claim_row, name_key_of, observation_row
from hub.runtime.aws.ledger.zone.published import published_row
from hub.runtime.model.names import (
    Account,
    Claim,
    ConflictRule,
    Fqdn,
    Instance,
    InstanceRef,
    InstanceState,
    Interface,
    Millis,
    NameKey,
    Published,
    RecordType,
    Spoke,
)
from hub.runtime.model.observation import Observation
from hub.runtime.publisher.holders import desired_record_sets
from orgdns.cli.sources.inventory.reading import SCANNED
from sandbox.bench.growth.item_sizes import item_size

if TYPE_CHECKING:
    from collections.abc import Iterable

DOMAIN: Final = Fqdn("corp.internal.")
# Account-regions of the instances.
SPOKES: Final = 200
REGION: Final = "eu-central-1"
# Rows of an instance with a name: its own, its claim, and what is published.
ROWS: Final = 3
# An eventually consistent read takes half a unit for 4 KB (DynamoDB Developer Guide, "DynamoDB read and write
# operations").
UNIT_BYTES: Final = 8_192
# The instance whose rows stand for those of all: its number, account and address appear nowhere else in them.
_LIKE: Final = 987_654
_ACCOUNT: Final = "444444444444"
_ADDRESS: Final = "10.255.254.253"
# Of a query: 1 MB has about as many rows of instances.
_ROWS_A_PAGE: Final = 1_000


class GeneratedTable:
    """Answers scans and queries of a ledger with so many instances, page by page.

    `generating` is the processor time, in seconds, that making the rows took.
    """

    def __init__(self, number: int) -> None:
        self.meta = self
        self.events = self
        self.generating = 0.0
        ref = InstanceRef(_ACCOUNT, REGION, f"i-{_LIKE:017x}")
        interface = Interface(0, "vpc-11111111111111111", "subnet-11111111111111111", (_ADDRESS,))
        tags = (("Name", f"n{_LIKE}"), ("Role", "application"))
        seen = Instance(ref, InstanceState.RUNNING, Millis(1), f"{REGION}a", (interface,), tags)
        key = NameKey("Z0CORPINTERNAL0EXAMPL", Fqdn(f"n{_LIKE}.{REGION}.payments.{DOMAIN}"))
        values = ((RecordType.A, (_ADDRESS,)),)
        claim = Claim(key, ref, values, 60, ConflictRule.NEWEST, "everybody", Millis(1), label="payments")
        account = Account(ref.account, "payments", units=("r-ab12", "ou-ab12-workload"))
        observation = Observation(ref, Millis(1), (claim,), instance=seen, account=account)
        rows = (
            observation_row(observation),
            claim_row(claim) | claim_key(key, ref) | {"live": True, "version": 1},
            published_row(key, Published(desired_record_sets([claim]))) | {"at": 1},
        )
        sizes = [item_size(written(row)) for row in rows]
        self.size = sum(sizes)
        self._instance_size, self._name_size = sizes[0], sum(sizes[1:])
        # The attributes that a scan of the inventory requests.
        self._scanned = _text({name: each for name, each in row.items() if name in SCANNED} for row in rows)
        self._instance, self._name = _text(rows[:1]), _text(rows[1:])
        self._names = (ref.id, f"n{_LIKE}", _ADDRESS)
        self._number = number
        self.zones = {DOMAIN: key.zone_id}

    @property
    def names_by_spoke(self) -> dict[Spoke, int]:
        """How many names the instances of each account-region have."""
        return {
            Spoke(_account(spoke), REGION): len(range(spoke, self._number, SPOKES))
            for spoke in range(min(SPOKES, self._number))
        }

    def register(self, *_event: object, **_how: object) -> None:
        """Take a handler of answers, of which nothing is parsed here."""

    def scan(self, **how: Any) -> dict[str, Any]:  # noqa: ANN401 - as the operation's
        """A page of a segment: the rows of instances of which each segment has every so many."""
        segments, instances = how["TotalSegments"], how["Limit"] // ROWS
        numbers = range(_start(how, how["Segment"]), self._number, segments)
        return self._page(self._scanned, numbers[:instances], numbers[instances:], self.size)

    def query(self, **how: Any) -> dict[str, Any]:  # noqa: ANN401 - as the operation's
        """A page of the rows of an account-region's instances, or the rows of a name."""
        partition = how["ExpressionAttributeValues"][":pk"]["S"]
        if partition.startswith(contract.SPOKE_PREFIX):
            numbers = range(_start(how, int(partition.split("#")[1])), self._number, SPOKES)
            return self._page(self._instance, numbers[:_ROWS_A_PAGE], numbers[_ROWS_A_PAGE:], self._instance_size)
        number = int(name_key_of(partition).fqdn.split(".")[0].removeprefix("n"))
        return self._page(self._name, range(number, number + 1), range(0), self._name_size)

    def _page(self, like: str, numbers: range, following: range, size: int) -> dict[str, Any]:
        """The rows of these instances, which have a size in bytes each, and where the following page begins."""
        begun = time.thread_time()
        body = ",".join([self._rows(like, number) for number in numbers])
        self.generating += time.thread_time() - begun
        page: dict[str, Any] = json.loads(f'{{"Items":[{body}]}}')
        units = ceil(len(numbers) * size / UNIT_BYTES * 2) / 2
        page |= {"ScannedCount": len(page["Items"]), "ConsumedCapacity": {"CapacityUnits": units}}
        return page | ({"LastEvaluatedKey": {"pk": {"S": str(following[0])}}} if following else {})

    def _rows(self, like: str, number: int) -> str:
        instance_id, name, address = self._names
        here = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"
        own = like.replace(instance_id, f"i-{number:017x}").replace(name, f"n{number}").replace(address, here)
        return own.replace(_ACCOUNT, _account(number % SPOKES))


def _start(how: dict[str, Any], first: int) -> int:
    return int(how.get("ExclusiveStartKey", {}).get("pk", {}).get("S", first))


def _account(spoke: int) -> str:
    return f"{spoke:012}"


def _text(rows: Iterable[dict[str, Any]]) -> str:
    return ",".join(json.dumps(written(row), separators=(",", ":")) for row in rows)
