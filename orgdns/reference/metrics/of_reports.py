"""The metrics of the files of each day."""

from typing import Final

from orgdns.reference.functions import Function
from orgdns.reference.metrics.metric import Metric

OF_REPORTS: Final = (
    Metric(
        "FilesWritten", (Function.REPORTER,), "Files of the day that are in the bucket, for people without the command."
    ),
)
