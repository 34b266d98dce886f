"""The metrics of history."""

from typing import Final

from orgdns.reference.functions import Function
from orgdns.reference.metrics.metric import Metric

_HISTORIAN: Final = (Function.HISTORIAN,)

OF_HISTORY: Final = (
    Metric("ChangesKept", _HISTORIAN, "Changes of names that history keeps from now on."),
    Metric("ChangesNotKept", _HISTORIAN, "Records of the stream that cannot be read, so that a change is missing."),
    Metric(
        "HistoryRetried",
        _HISTORIAN,
        "Records that could not be kept, and that the stream delivers again.",
    ),
    Metric("CompactionsFailed", _HISTORIAN, "Runs that could not compact a day that is over. The next one goes on."),
)
