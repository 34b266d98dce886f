"""The functions that write logs and metrics. Pure."""

from enum import StrEnum


class Function(StrEnum):
    """A function of the hub, by its name without the prefix."""

    OBSERVER = "observer"
    PUBLISHER = "publisher"
    SWEEPER = "sweeper"
    ASSOCIATOR = "associator"
    HISTORIAN = "historian"
    REPORTER = "reporter"
