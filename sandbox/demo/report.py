"""The chapter that writes the report on the installation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hub.runtime.installation import DEFAULT_NAMES as NAMES
from orgdns.cli.sources.reporting.organization import Stated, read_report
from orgdns.report.document import report_document
from orgdns.report.model import FindingKind, SpokeState
from orgdns.report.page import page
from sandbox import example
from sandbox.demo.outage import denied
from sandbox.demo.story import FRANKFURT, IRELAND, ROBOTICS, hub_account, pass_an_hour
from sandbox.example import PAYMENTS

if TYPE_CHECKING:
    from sandbox.demo.story import Story

# Ignored by git.
REPORT: Final = example.CONFIG.parent / "build" / "orgdns-report.html"


def write_report(story: Story) -> None:
    """The report shows a conflict, a refusal and an account that nobody can look into."""
    made = story.world
    story.chapter(
        "A report for people without the command",
        "'orgdns report' writes one HTML file that needs no network: accounts and regions, quotas, the objective, all "
        "names with search, conflicts and refusals. Before that, Payments asks for the reserved name 'db' again, and "
        "Robotics denies orgdns to look at its instances.",
    )
    made.launch(PAYMENTS, FRANKFURT, "DB")
    with denied(made, ROBOTICS, NAMES.reader_role, "ec2:DescribeInstances"):
        made.converge()
        pass_an_hour(story)
        # A heartbeat comes every five minutes.
        made.pass_time(6)
    report = read_report(hub_account(made), Stated.of(made.config), lambda _rows: None)
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(page(report_document(report)))
    kinds = report.findings.kinds
    story.check(
        f"it has {report.names.total} names, a conflict and a refusal with reasons",
        holds=bool(report.names.total and kinds.get(FindingKind.CONFLICT) and kinds.get(FindingKind.REFUSED)),
    )
    lost = {(spoke.account, spoke.region) for spoke in report.spokes.rows if spoke.state == SpokeState.UNREACHABLE}
    story.check("it shows that Robotics is out of reach", holds=(ROBOTICS, IRELAND) in lost)
    story.remark(f"The report is in {REPORT}.")
    made.guard.denied.clear()
