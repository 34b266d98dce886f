"""`orgdns audit`: audit all zones now."""

from hub.runtime.model.tasks import ScheduleAudits
from orgdns.cli.sources.hub_account import HubAccount
from orgdns.cli.terminal import Installation, Json, Profile, Region, errors_reported, print_json, say


def run(
    *,
    as_json: Json = False,
    profile: Profile = None,
    region: Region = None,
    installation: Installation = None,
) -> None:
    """Audit all zones now: compare their records with the ledger."""
    with errors_reported():
        HubAccount.of(profile, region, installation).tasks().enqueue([(ScheduleAudits(), 0)])
    if as_json:
        print_json({"enqueued": "audits"})
    else:
        say("Enqueued an audit of every zone. orgdns status shows the results.")
