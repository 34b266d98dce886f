"""How long orgdns remembers who had which name."""

from typing import Annotated

from pydantic import Field

from orgdns.config.sections.section import Section

# Ten years, as the longest retention of logs.
MAX_DAYS = 3_653


class History(Section):
    """The history of all names, in a bucket of the hub account."""

    days: Annotated[int, Field(ge=0, le=MAX_DAYS)] = 400
    """Number of days to keep each change of a name; 0 keeps none, and the stack has no bucket. With fewer days, S3
    deletes older changes. With more, they are kept from now on."""
