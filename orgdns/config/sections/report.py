"""Which files about the installation are written every day, for people without the command."""

from typing import Annotated, Literal

from pydantic import Field

from orgdns.config.sections.history import MAX_DAYS
from orgdns.config.sections.section import Section

DailyFile = Literal["html", "csv", "json", "hosts", "ansible", "prometheus", "ssh"]


class Report(Section):
    """The files that a function of the hub writes into a bucket every day."""

    daily: list[DailyFile] = Field(default_factory=list, json_schema_extra={"uniqueItems": True})
    """The files: `html` is what `orgdns report` writes, each other one what `orgdns export --format` writes with it.
    Without any, the stack has neither the function nor the bucket."""
    hour: Annotated[int, Field(ge=0, le=23)] = 4
    """The hour of the day, in UTC, in which they are written."""
    days: Annotated[int, Field(ge=1, le=MAX_DAYS)] = 30
    """Number of days to keep the files of a day."""

    @property
    def files(self) -> tuple[DailyFile, ...]:
        """The files."""
        return tuple(self.daily)
