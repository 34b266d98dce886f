"""A report on very many names, in a process of its own.

`python -m sandbox.bench.growth.report NUMBER` makes the page of a report on this many instances with one name each, and
prints the peak of its process in bytes, its processor time in seconds, and the size of the page. The rows are generated
one by one, as the ledger's pages bring them. Reading and parsing the rows of DynamoDB is not in the time.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

from hub.runtime.model.names import Millis
from hub.runtime.model.status import ScheduleCursor
from orgdns.cli.reports.coverage import Coverage
from orgdns.cli.reports.instance_vpcs import KnownVpcs, instance_vpcs
from orgdns.cli.reports.reporting.names import NamesTally
from orgdns.cli.reports.reporting.whole import Place, whole_report
from orgdns.cli.reports.status.overview import Overview
from orgdns.report.document import report_document
from orgdns.report.model import Changes, Trend
from orgdns.report.page import page
from sandbox.bench.figures import Figure
from sandbox.bench.growth.large import many, stored
from sandbox.bench.growth.peak import peak

if TYPE_CHECKING:
    from collections.abc import Iterator

# The second is twenty times as many names as a report has.
SIZES: Final = (100_000, 1_000_000)
# A strongly consistent read takes a unit for 4 KB (DynamoDB Developer Guide, "DynamoDB read and write operations").
UNIT_BYTES: Final = 4_096
# What an operator's small machine, or a function, has to spare.
MOST_BYTES: Final = 512 * 1_024 * 1_024
MOST_PAGE_BYTES: Final = 16_000_000


@dataclass(frozen=True, slots=True)
class Written:
    """What a report took, and how large its page is."""

    peak: int
    seconds: float
    page: int


def figures() -> Iterator[Figure]:
    """What a report takes by the number of names. Its page and its memory must not grow with them."""
    found = {number: written(number) for number in SIZES}
    for number, each in found.items():
        _, stored_bytes = stored(number)
        yield Figure(f"report_{number}_names_seconds", each.seconds, "seconds of processor")
        yield Figure(f"report_{number}_names_peak_bytes", each.peak, "bytes", limit=MOST_BYTES)
        yield Figure(f"report_{number}_names_page_bytes", each.page, "bytes", limit=MOST_PAGE_BYTES)
        yield Figure(f"report_{number}_names_read_units", stored_bytes / UNIT_BYTES, "read request units")
    few, very_many = found.values()
    yield Figure("report_1000000_against_100000_peak", very_many.peak / few.peak, "times the memory", limit=1.25)


def written(number: int) -> Written:
    """Make the page of a report on so many names in a process of its own."""
    command = [sys.executable, "-m", "sandbox.bench.growth.report", str(number)]
    return Written(**json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))  # noqa: S603 - our own code


def page_of(number: int) -> str:
    """The page of a report on so many names."""
    made = many(number)
    domains = {zone_id: domain.removesuffix(".") for domain, zone_id in made.zone_ids.items()}
    tally = NamesTally(domains)
    vpcs = instance_vpcs(tally.instances(made.contents(domains)), KnownVpcs.of((), (), ()))
    overview = Overview(Millis(1), None, ScheduleCursor(), (), (), made.zone_ids)
    report = whole_report(Place("eu-central-1"), overview, Coverage((), (), vpcs), tally, Trend(), Changes())
    return page(report_document(report))


def main() -> None:
    """Print what the page of a report on this many names took; the peak has imports and policy in it."""
    (number,) = sys.argv[1:]
    start = time.process_time()
    text = page_of(int(number))
    print(json.dumps(asdict(Written(peak(), time.process_time() - start, len(text)))))  # noqa: T201 - the figure


if __name__ == "__main__":
    main()
