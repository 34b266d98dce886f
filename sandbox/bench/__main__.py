"""Runs `make bench`: what orgdns costs, one line of JSON for each figure.

Counts and simulated seconds come from the simulated organization, so they are the same in every run. Real time
is compared with a baseline of the same run, because machines differ and drift.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.bench import associations, bursts, lambda_package, pipeline, planning
from sandbox.bench.growth import figures as growth
from sandbox.bench.growth import history, inventory, report
from sandbox.bench.path import figures as path
from sandbox.bench.price import figures as price

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sandbox.bench.figures import Figure

MEASUREMENTS: Final[tuple[Callable[[], Iterator[Figure]], ...]] = (
    planning.figures,
    lambda_package.figures,
    growth.figures,
    report.figures,
    history.figures,
    inventory.figures,
    bursts.figures,
    associations.figures,
    pipeline.figures,
    path.figures,
    price.figures,
)


def main() -> None:
    """Measure and print every figure."""
    for measure in MEASUREMENTS:
        for figure in measure():
            print(figure.json(), flush=True)  # noqa: T201 - the lines are the output


if __name__ == "__main__":
    main()
