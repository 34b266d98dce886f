"""How what orgdns takes grows with the number of instances, names and spokes: a figure for each size, and an exponent.

The exponent is the slope between the two largest sizes, of which both axes are logarithmic: 1 is linear.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from math import log
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sandbox.bench.curves import logarithmic
from sandbox.bench.figures import Figure
from sandbox.bench.growth.large import measured, stored
from sandbox.bench.growth.spokes import Organization, schedule_seconds, status_seconds

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sandbox.bench.growth.large import Measured

PICTURE: Final = Path(__file__).parents[3] / "docs" / "bench" / "growth.svg"
STORED: Final = (1_000, 10_000, 100_000, 1_000_000)
# A sweep decides the names of every instance, in some 0.1 ms.
SIZES: Final = {"sweep": STORED[:3], "audit": STORED}
UNITS: Final = {"sweep": "instances", "audit": "names"}
SPOKES: Final = (170, 1_700, 17_000)
# Nothing may grow much faster than what it handles.
MOST_EXPONENT: Final = 1.1
# What a function of the sweeper has (orgdns/cfn/worker.py).
FUNCTION_BYTES: Final = 512 * 1_024 * 1_024


def figures() -> Iterator[Figure]:
    """The figures, and the picture of what does not depend on the machine."""
    sizes = {number: stored(number) for number in STORED}
    rows = {number: float(found[0]) for number, found in sizes.items()}
    stored_bytes = {number: float(found[1]) for number, found in sizes.items()}
    yield from _grown("ledger_rows", rows, "rows", "instances")
    yield from _grown("ledger_bytes", stored_bytes, "bytes", "instances")
    calls: dict[str, Mapping[int, float]] = {}
    for what, found in _measured().items():
        unit = UNITS[what]
        calls[what] = {number: float(each.calls) for number, each in found.items()}
        yield from _grown(f"{what}_calls", calls[what], "calls of AWS", unit)
        yield from _grown(f"{what}_seconds", {number: each.seconds for number, each in found.items()}, "seconds", unit)
        yield from _memory(what, {number: float(each.peak) for number, each in found.items()}, unit)
    organizations = {number: Organization(number) for number in SPOKES}
    for name, seconds in (("schedule_seconds", schedule_seconds), ("status_seconds", status_seconds)):
        by_spokes = {number: seconds(organization) for number, organization in organizations.items()}
        yield from _grown(name, by_spokes, "seconds", "spokes")
    curves = {
        "bytes of the ledger": stored_bytes,
        "rows of the ledger": rows,
        "calls of an audit": calls["audit"],
        "calls of a sweep": calls["sweep"],
    }
    PICTURE.write_text(logarithmic("Growth with the number of instances", "instances, one name each", curves))


def _measured() -> dict[str, dict[int, Measured]]:
    """What sweeps and audits take, by size. They run in processes of their own, two at a time."""
    with ThreadPoolExecutor(2) as pool:
        # The longest first.
        asked = {
            (what, number): pool.submit(measured, what, number)
            for what, sizes in reversed(SIZES.items())
            for number in reversed(sizes)
        }
    return {what: {number: asked[what, number].result() for number in sizes} for what, sizes in SIZES.items()}


def _grown(name: str, values: Mapping[int, float], unit: str, of: str) -> Iterator[Figure]:
    """A figure for each size, and the exponent."""
    for number, value in values.items():
        yield Figure(f"{name}_{number}_{of}", value, unit)
    yield Figure(f"{name}_growth_exponent", exponent(values), "slope", limit=MOST_EXPONENT)


def _memory(what: str, peaks: Mapping[int, float], unit: str) -> Iterator[Figure]:
    """The peak for each size next to what a function has, and how those for few and very many compare."""
    few, *_, many = peaks
    for number, peak in peaks.items():
        yield Figure(f"{what}_{number}_{unit}_peak_bytes", peak, "bytes", limit=FUNCTION_BYTES)
    yield Figure(f"{what}_100000_against_{few}_peak", peaks[100_000] / peaks[few], "times the memory", limit=1.25)
    yield Figure(f"{what}_bytes_for_each", (peaks[many] - peaks[few]) / (many - few), f"bytes for each of the {unit}")
    yield Figure(f"{what}_peak_growth_exponent", exponent(peaks), "slope", limit=MOST_EXPONENT)


def exponent(values: Mapping[int, float]) -> float:
    """The slope between the two largest sizes, logarithmically: 1 is linear, 2 is quadratic."""
    *_, (less, smaller), (more, larger) = sorted(values.items())
    return log(larger / smaller) / log(more / less)
