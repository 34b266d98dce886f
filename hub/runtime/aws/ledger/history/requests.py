"""The rows of what people request with the command: who, what and why.

No function reads them. The stream takes them to the historian within 24 hours, and time to live removes them later.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Final

from hub.runtime import contract
from hub.runtime.boundary.texts import bounded

if TYPE_CHECKING:
    from hub.runtime.aws.ledger.table import Table
    from hub.runtime.history.entry import Action

# For which a row is kept, so that people find it in the table if no history is kept. Milliseconds.
KEPT_MILLIS: Final = 30 * 86_400_000


def note_request(table: Table, action: Action, subject: str = "", by: str = "", reason: str = "") -> None:
    """Write the row of a request.

    Args:
        table: The ledger.
        action: What is requested.
        subject: What it is about, such as a spoke; empty if the action says it.
        by: The ARN of the caller.
        reason: Why, in the caller's words.

    Raises:
        LedgerUnavailable: if DynamoDB does not take it.
    """
    now = table.now()
    table.put(
        {
            contract.PARTITION_KEY: contract.REQUESTS_KEY,
            # Two requests at the same time have rows of their own.
            contract.SORT_KEY: f"{now:013d}#{secrets.token_hex(4)}",
            "action": action.value,
            "subject": bounded(subject),
            "by": by,
            "reason": bounded(reason),
            contract.EXPIRES: table.expiry(KEPT_MILLIS),
        }
    )
