"""`orgdns audit`: audit all zones now."""

from hub.runtime.history.entry import Action
from hub.runtime.model.tasks import ScheduleAudits
from orgdns.cli.sources.hub_account import HubAccount
from orgdns.cli.terminal import (
    Installation,
    Json,
    Profile,
    Reason,
    Region,
    errors_reported,
    given_reason,
    print_json,
    say,
)


def run(
    *,
    reason: Reason = None,
    as_json: Json = False,
    profile: Profile = None,
    region: Region = None,
    installation: Installation = None,
) -> None:
    """Audit all zones now: compare their records with the ledger."""
    with errors_reported():
        why = given_reason(reason)
        account = HubAccount.of(profile, region, installation)
        tasks = account.tasks()
        account.note(Action.AUDIT, "all zones", why)
        tasks.enqueue([(ScheduleAudits(), 0)])
    if as_json:
        print_json({"enqueued": "audits"})
    else:
        say("Enqueued an audit of every zone. orgdns status shows the results.")
