"""The dashboard: all its rows, and its resource."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troposphere import Sub
from troposphere.cloudwatch import Alarm, Dashboard

from hub.monitoring.dashboard.names import name_rows, quota_rows
from hub.monitoring.dashboard.path import first_row, objective_rows, path_rows
from hub.monitoring.dashboard.spokes import association_rows, cost_rows, event_loss_rows
from hub.monitoring.dashboard.widgets import body

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from troposphere import Template

    from hub.monitoring.dashboard.widgets import Row
    from orgdns.cfn.worker import Worker
    from orgdns.config.load import Config


def add_dashboard(template: Template, config: Config, workers: Sequence[Worker]) -> None:
    """Add the dashboard of these functions. It shows the alarms that the template has by now."""
    alarms = [title for title, resource in template.resources.items() if isinstance(resource, Alarm)]
    rows = _rows(config, sorted(alarms), [worker.function for worker in workers])
    text = body(rows, config.names.metrics_namespace)
    template.add_resource(Dashboard("Dashboard", DashboardName=config.names.dashboard, DashboardBody=Sub(text)))


def _rows(config: Config, alarms: Sequence[str], functions: Sequence[str]) -> Iterator[Row]:
    yield first_row(alarms)
    names = config.names
    yield from path_rows(names)
    yield from objective_rows(config)
    yield from name_rows(names)
    yield from quota_rows(config)
    yield from event_loss_rows(names)
    if names.associator_function in functions:
        yield from association_rows(names)
    yield from cost_rows(names, functions)
