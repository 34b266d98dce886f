"""Exports of very many names from a generated ledger, each in a process of its own.

`python -m sandbox.bench.growth.inventory FORMAT NUMBER` exports so many names of as many instances, and prints the peak
of its process in bytes, its processor time in seconds without what generating the rows took, the read units and the
size of the file. The pages are JSON, as DynamoDB sends it; what a network takes is not in the time.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import asdict, dataclass
from typing import Any, Final

from hub.runtime.aws.ledger.attributes import written
from hub.runtime.aws.ledger.rows import claim_key, claim_row, observation_row
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
)
from hub.runtime.model.observation import Observation
from hub.runtime.publisher.holders import desired_record_sets
from orgdns.cli.commands.inventory.export import Export, ExportFormat
from orgdns.cli.reports.inventory.hosts import LeftOut
from orgdns.cli.reports.inventory.row import NAMES
from orgdns.cli.reports.inventory.selection import Selection
from orgdns.cli.sources.inventory.groups import StoredGroups
from orgdns.cli.sources.inventory.pages import Pages
from orgdns.cli.sources.inventory.reading import SCANNED, InventoryReader
from orgdns.cli.sources.inventory.store import InventoryStore
from sandbox.bench.growth.item_sizes import item_size
from sandbox.bench.growth.peak import peak

DOMAIN: Final = Fqdn("corp.internal.")
# Rows of an instance with a name: its own, its claim, and what is published.
ROWS: Final = 3
# The number of an instance whose rows stand for those of all: its digits appear nowhere else in them.
_LIKE: Final = 987_654


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export took: the peak of memory in bytes, processor time in seconds, read units, and bytes written."""

    peak: int
    seconds: float
    units: float
    written: int


def exported(output_format: str, number: int) -> Exported:
    """Export so many names in a process of its own."""
    command = [sys.executable, "-m", "sandbox.bench.growth.inventory", output_format, str(number)]
    return Exported(**json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))  # noqa: S603 - our own code


class GeneratedTable:
    """Answers scans of a ledger with so many instances, each with a name, page by page."""

    def __init__(self, number: int) -> None:
        self.meta = self
        self.events = self
        self.generating = 0.0
        address = "10.255.254.253"
        ref = InstanceRef("444444444444", "eu-central-1", f"i-{_LIKE:017x}")
        interface = Interface(0, "vpc-11111111111111111", "subnet-11111111111111111", (address,))
        tags = (("Name", f"n{_LIKE}"), ("Role", "application"))
        seen = Instance(ref, InstanceState.RUNNING, Millis(1), "eu-central-1a", (interface,), tags)
        key = NameKey("Z0CORPINTERNAL0EXAMPL", Fqdn(f"n{_LIKE}.eu-central-1.payments.{DOMAIN}"))
        values = ((RecordType.A, (address,)),)
        claim = Claim(key, ref, values, 60, ConflictRule.NEWEST, "everybody", Millis(1), label="payments")
        account = Account(ref.account, "payments", units=("r-ab12", "ou-ab12-workload"))
        observation = Observation(ref, Millis(1), (claim,), instance=seen, account=account)
        rows = (
            observation_row(observation),
            claim_row(claim) | claim_key(key, ref) | {"live": True, "version": 1},
            published_row(key, Published(desired_record_sets([claim]))) | {"at": 1},
        )
        self._size = sum(item_size(written(row)) for row in rows)
        # The attributes that a scan of the inventory requests.
        requested = [{name: each for name, each in row.items() if name in SCANNED} for row in rows]
        self._like = ",".join(json.dumps(written(row), separators=(",", ":")) for row in requested)
        self._names = (ref.id, f"n{_LIKE}", address)
        self._number = number
        self.zones = {DOMAIN: key.zone_id}

    def register(self, *_event: object, **_how: object) -> None:
        """Take a handler of answers, of which nothing is parsed here."""

    def scan(self, **how: Any) -> dict[str, Any]:  # noqa: ANN401 - as the operation's
        """A page of a segment: the rows of instances of which each segment has every so many."""
        begun = time.thread_time()
        segments, segment = how["TotalSegments"], how["Segment"]
        first = int(how.get("ExclusiveStartKey", {}).get("pk", {}).get("S", segment))
        last = min(first + segments * (how["Limit"] // ROWS), self._number)
        body = ",".join(map(self._rows, range(first, last, segments)))
        self.generating += time.thread_time() - begun
        page: dict[str, Any] = json.loads(f'{{"Items":[{body}]}}')
        units = len(page["Items"]) / ROWS * self._size / 8192
        page |= {"ScannedCount": len(page["Items"]), "ConsumedCapacity": {"CapacityUnits": units}}
        following = first + segments * (how["Limit"] // ROWS)
        return page | ({"LastEvaluatedKey": {"pk": {"S": str(following)}}} if following < self._number else {})

    def _rows(self, number: int) -> str:
        instance_id, name, address = self._names
        here = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"
        return self._like.replace(instance_id, f"i-{number:017x}").replace(name, f"n{number}").replace(address, here)


def main() -> None:
    """Export, and print what it took; the peak has imports in it."""
    name, number = sys.argv[1:]
    table = GeneratedTable(int(number))
    begun = time.process_time()
    selection = Selection(statuses=NAMES)
    with InventoryStore(selection, {zone_id: domain for domain, zone_id in table.zones.items()}) as store:
        pages = Pages(table, "ledger", lambda _pages: None)
        InventoryReader(pages, table.zones, selection, store).read((), paused=False)
        size, left_out = 0, LeftOut()
        with closing(StoredGroups()) as groups:
            export = Export("orgdns", Millis(1), DOMAIN, None)
            for text in export.texts(ExportFormat(name), store, groups, left_out):
                size += len(text)
        if store.names != int(number) or left_out.number:
            raise AssertionError((store.names, left_out))
    taken = time.process_time() - begun - table.generating
    print(json.dumps(asdict(Exported(peak(), taken, pages.units, size))))  # noqa: T201 - the figure


if __name__ == "__main__":
    main()
