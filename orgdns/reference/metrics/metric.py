"""A metric, and what it means. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from orgdns.reference.functions import Function

# The dimension of each metric of the functions. Its value is `orgdns`.
SERVICE: Final = ("service",)


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric that functions write.

    `alarm` is the name of the alarm that watches it, without the prefix; empty without one. `further` is a dimension
    beside the service. A metric with `also` is written with and without it.
    """

    name: str
    functions: tuple[Function, ...]
    meaning: str
    alarm: str = ""
    unit: str = "Count"
    further: str = ""
    also: bool = False

    @property
    def dimensions(self) -> tuple[tuple[str, ...], ...]:
        """The sets of dimensions with which the metric is written."""
        with_further = ((*SERVICE, self.further),) if self.further else ()
        return with_further if self.further and not self.also else (SERVICE, *with_further)


@dataclass(frozen=True, slots=True)
class AwsMetric:
    """A metric that AWS writes and alarms watch: its namespace, the dimension, and the alarms."""

    name: str
    namespace: str
    dimension: str
    meaning: str
    alarms: tuple[str, ...]
