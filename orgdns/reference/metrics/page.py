"""The tables of docs/metrics.md."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from orgdns.reference.metrics.of_health import OF_AWS, OF_HEALTH
from orgdns.reference.metrics.of_history import OF_HISTORY
from orgdns.reference.metrics.of_instances import OF_INSTANCES, OF_SWEEPS, OF_VPCS
from orgdns.reference.metrics.of_names import OF_NAMES
from orgdns.reference.metrics.of_reports import OF_REPORTS
from orgdns.reference.tables import between, table

if TYPE_CHECKING:
    from orgdns.reference.metrics.metric import Metric

GROUPS: Final = {
    "Events and instances": OF_INSTANCES,
    "Names, records and the path": OF_NAMES,
    "Sweeps and audits": OF_SWEEPS,
    "VPCs": OF_VPCS,
    "History": OF_HISTORY,
    "Files of each day": OF_REPORTS,
    "What needs a person": OF_HEALTH,
}
METRICS: Final = tuple(metric for group in GROUPS.values() for metric in group)
_BEGIN: Final = "<!-- The metrics: `make templates` writes these tables from orgdns/reference/metrics. -->"
_END: Final = "<!-- End of the metrics. -->"
_HEADING: Final = ("metric", "unit", "dimensions", "written by", "meaning", "alarm")
_AWS_HEADING: Final = ("metric", "namespace", "dimension", "meaning", "alarms")


def with_metrics(page: str) -> str:
    """The text of the page with the metrics as the catalog has them.

    Raises:
        ValueError: if the page does not have the two comments that the tables stand between.
    """
    groups = [f"## {name}\n\n{table(_HEADING, map(_row, sorted(of, key=_name)))}" for name, of in GROUPS.items()]
    rows = [
        (f"`{each.name}`", each.namespace, each.dimension, each.meaning, ", ".join(map(_alarm, each.alarms)))
        for each in OF_AWS
    ]
    return between(page, _BEGIN, _END, "\n".join([*groups, f"## Metrics of AWS\n\n{table(_AWS_HEADING, rows)}"]))


def _name(metric: Metric) -> str:
    return metric.name


def _row(metric: Metric) -> tuple[str, ...]:
    dimensions = "; and ".join(", ".join(f"`{name}`" for name in names) for names in metric.dimensions)
    functions, alarm = ", ".join(metric.functions), _alarm(metric.alarm) if metric.alarm else ""
    return f"`{metric.name}`", metric.unit, dimensions, functions, metric.meaning, alarm


def _alarm(name: str) -> str:
    return f"[{name}](runbook/{name}.md)"
