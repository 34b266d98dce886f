"""Lists and exports of very many names from a generated ledger, each in a process of its own.

`python -m sandbox.bench.growth.inventory WHAT NUMBER` reads a ledger of so many instances with a name each, and prints
the peak of its process in bytes, its processor time in seconds without what generating the rows took, the read units,
the names, and the size of what is written. WHAT is a format of `orgdns export`, `list` (the names that fit a pattern,
one of 90, sorted by value) or `account` (those of one account of 200). What a network takes is not in the time.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

from hub.runtime.model.names import Millis
from hub.runtime.model.status import SpokeStatus
from orgdns.cli.exporting import Export, ExportFormat
from orgdns.cli.reports.inventory.columns import fields_of
from orgdns.cli.reports.inventory.hosts import LeftOut
from orgdns.cli.reports.inventory.selection import Selection, wildcards
from orgdns.cli.sources.inventory.groups import StoredGroups
from orgdns.cli.sources.inventory.pages import Pages
from orgdns.cli.sources.inventory.reading import InventoryReader
from orgdns.cli.sources.inventory.store import InventoryStore
from sandbox.bench.figures import Figure
from sandbox.bench.growth.generated import DOMAIN, SPOKES, UNIT_BYTES, GeneratedTable
from sandbox.bench.growth.peak import peak

if TYPE_CHECKING:
    from collections.abc import Iterator

MILLION: Final = 1_000_000
# The longest first. What has a file for each instance sorts groups, too, and is measured with fewer.
SIZES: Final = (("csv", MILLION), ("list", MILLION), ("ansible", 100_000), ("account", MILLION))
LIST, ACCOUNT = "list", "account"
MOST_BYTES: Final = 512 * 1_024 * 1_024
# A function ends after 15 minutes (AWS Lambda Developer Guide, "Lambda quotas"); half of that is for the network.
MOST_SECONDS: Final = 450
# Read units for each name that is selected: docs/inventory.md.
_UNITS: Final = {ACCOUNT: 1.0}
_UNITS_OF_A_SCAN: Final = 0.2


@dataclass(frozen=True, slots=True)
class Read:
    """What a list or an export took: the peak of memory in bytes, processor time in seconds and read units.

    `names` is how many were selected, and `written` the characters of the output.
    """

    peak: int
    seconds: float
    units: float
    names: int
    written: int


def figures() -> Iterator[Figure]:
    """What lists and exports take. The measurements run in processes of their own, two at a time."""
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda size: read(*size), SIZES))
    for (what, number), each in zip(SIZES, found, strict=True):
        name = f"export_{what}_{number}_names" if what in set(ExportFormat) else f"list_{what}_{number}_names"
        name = name.replace("list_list", "list_pattern")
        most_units = _UNITS[what] * each.names if what in _UNITS else _UNITS_OF_A_SCAN * number
        yield Figure(f"{name}_seconds", each.seconds, "seconds of processor", limit=MOST_SECONDS)
        yield Figure(f"{name}_peak_bytes", each.peak, "bytes", limit=MOST_BYTES)
        yield Figure(f"{name}_read_units", each.units, "read units", limit=most_units, naive=consistent_units(number))
        yield Figure(f"{name}_written_bytes", each.written, "bytes")


def consistent_units(number: int) -> float:
    """The read units of a strongly consistent scan of the ledger, which takes twice as many."""
    return 2 * GeneratedTable(number).size * number / UNIT_BYTES


def read(what: str, number: int) -> Read:
    """List or export of so many names in a process of its own."""
    command = [sys.executable, "-m", "sandbox.bench.growth.inventory", what, str(number)]
    return Read(**json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))  # noqa: S603 - our own code


def selection_of(what: str, table: GeneratedTable) -> Selection:
    """What is selected: everything for an export."""
    if what == LIST:
        return Selection(pattern=wildcards(f"n99*.{DOMAIN.removesuffix('.')}"))
    return Selection(accounts=frozenset([min(table.names_by_spoke).account])) if what == ACCOUNT else Selection()


def expected(what: str, number: int) -> int:
    """How many names a selection has."""
    if what == LIST:
        return sum(str(each).startswith("99") for each in range(number))
    return len(range(0, number, SPOKES)) if what == ACCOUNT else number


def texts(what: str, store: InventoryStore) -> Iterator[str]:
    """What the command writes."""
    if what in {LIST, ACCOUNT}:
        yield from (json.dumps(fields_of(row)) + "\n" for row in store.sorted_rows("values", None))
        return
    left_out = LeftOut()
    with closing(StoredGroups()) as groups:
        yield from Export("orgdns", Millis(1), DOMAIN, None).texts(ExportFormat(what), store, groups, left_out)
    if left_out.number:
        raise AssertionError(left_out)


def main() -> None:
    """List or export, and print what it took; the peak has imports in it."""
    what, number = sys.argv[1], int(sys.argv[2])
    table = GeneratedTable(number)
    begun = time.process_time()
    selection = selection_of(what, table)
    with InventoryStore(selection, {zone_id: domain for domain, zone_id in table.zones.items()}) as store:
        pages = Pages(table, "ledger", lambda _pages: None)
        statuses = [SpokeStatus(spoke, names=names) for spoke, names in table.names_by_spoke.items()]
        InventoryReader(pages, table.zones, selection, store).read(statuses, paused=False)
        size = sum(map(len, texts(what, store)))
        if store.names != expected(what, number):
            raise AssertionError(store.names)
        names = store.names
    taken = time.process_time() - begun - table.generating
    print(json.dumps(asdict(Read(peak(), taken, pages.units, names, size))))  # noqa: T201 - the figure


if __name__ == "__main__":
    main()
