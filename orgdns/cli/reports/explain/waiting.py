"""Why an instance that the ledger does not have may have no names yet. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orgdns.cli.reports.times import time

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hub.runtime.model.status import SpokeStatus


def waiting_text(subject: str, statuses: Iterable[SpokeStatus]) -> str:
    """Return that the event of an instance waits, and why, if the last look at its spoke failed; empty otherwise.

    `subject` is `ACCOUNT/REGION/ID`, or an id. The status of a spoke names only some of the instances whose events
    wait, so that the event of another instance may wait for the same reason.
    """
    place, _, instance = subject.rpartition("/")
    failed = [status for status in statuses if status.failed_look.reason and status.failed_look.at > status.swept_at]
    for status in failed:
        look = status.failed_look
        if instance in look.instances or place == str(status.spoke):
            sure = "its event waits" if instance in look.instances else "its event may wait"
            return f"{sure}: the last look at {status.spoke}, at {time(look.at)}, failed: {look.reason}"
    if failed and not place:
        spokes = ", ".join(str(status.spoke) for status in failed[:3])
        return (
            f"the ledger does not have the instance {subject}. Its event may wait, because looks at spokes fail: "
            f"{spokes}. orgdns status says why"
        )
    return ""
