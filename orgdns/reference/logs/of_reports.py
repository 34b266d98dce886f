"""The messages about the files of each day."""

from typing import Final

from orgdns.reference.functions import Function
from orgdns.reference.logs.message import Level, Message

OF_REPORTS: Final = (
    Message(
        "file written",
        Level.INFO,
        (Function.REPORTER,),
        "bytes file key left_out",
        "A file of the day is in the bucket. `left_out` is the number of names that it cannot hold, or that nobody can "
        "read.",
    ),
)
