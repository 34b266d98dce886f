"""Whose records are whose. Pure.

The SetIdentifier of a record set names its owner and the instance that holds the name:
`<owner>/<account>/<region>/<instance id>`. Several installations can write to one zone, because each one only touches
records of its owner, and to each of them records of another owner are foreign. An installation that takes over from
another one has the same owner, and so the same records.
"""

import re
from dataclasses import dataclass
from typing import Final

from hub.runtime.installation import DEFAULT_INSTALLATION

_HOLDER: Final = re.compile(r"[0-9]{12}/[a-z0-9-]{1,32}/i-[0-9a-f]{8,17}")


@dataclass(frozen=True, slots=True)
class Owner:
    """The owner of an installation's records.

    Attributes:
        name: The first part of their SetIdentifiers: at most 24 of Route 53's 128 characters. The others take 66.
    """

    name: str

    def set_identifier(self, holder: str) -> str:
        """The SetIdentifier of every record set of an instance, whose account, region and id are `holder`.

        Empty without a holder: a simple record set has none.
        """
        return f"{self.name}/{holder}" if holder else ""

    def holder(self, set_identifier: str | None) -> str:
        """The account, region and id of the instance that a SetIdentifier names; empty if it is not of this owner."""
        name, _, holder = (set_identifier or "").partition("/")
        return holder if name == self.name and _HOLDER.fullmatch(holder) else ""


DEFAULT_OWNER: Final = Owner(DEFAULT_INSTALLATION)
IN_LEDGER: Final = DEFAULT_OWNER
"""The owner in the rows of the ledger, whatever the owner in the zones is. Earlier versions had no other one."""
