"""The tables of docs/logs.md."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from orgdns.reference.logs.of_history import OF_HISTORY
from orgdns.reference.logs.of_instances import OF_INSTANCES
from orgdns.reference.logs.of_names import OF_NAMES
from orgdns.reference.logs.of_reports import OF_REPORTS
from orgdns.reference.logs.of_sweeps import OF_SWEEPS
from orgdns.reference.logs.of_vpcs import OF_VPCS
from orgdns.reference.tables import between, table

if TYPE_CHECKING:
    from orgdns.reference.logs.message import Message

GROUPS: Final = {
    "Events and instances": OF_INSTANCES,
    "Names, zones and the path": OF_NAMES,
    "Sweeps and audits": OF_SWEEPS,
    "VPCs": OF_VPCS,
    "History": OF_HISTORY,
    "Files of each day": OF_REPORTS,
}
MESSAGES: Final = tuple(message for group in GROUPS.values() for message in group)
_BEGIN: Final = "<!-- The messages: `make templates` writes these tables from orgdns/reference/logs. -->"
_END: Final = "<!-- End of the messages. -->"
_HEADING: Final = ("message", "level", "written by", "fields", "meaning, and what to do")


def with_messages(page: str) -> str:
    """The text of the page with the messages as the catalog has them.

    Raises:
        ValueError: if the page does not have the two comments that the tables stand between.
    """
    groups = (f"## {name}\n\n{table(_HEADING, map(_row, of))}" for name, of in GROUPS.items())
    return between(page, _BEGIN, _END, "\n".join(groups))


def _row(message: Message) -> tuple[str, ...]:
    fields = ", ".join(f"`{name}`" for name in message.fields.split())
    return f"`{message.text}`", message.level.upper(), ", ".join(message.functions), fields, message.meaning
