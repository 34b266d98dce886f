"""What the sandbox's server prints: accounts, VPCs and commands first, and then a line for everything that happens."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from rich.table import Table
from rich.text import Text

from hub.runtime.names.labels import label_of
from orgdns.cli.render.text import visible
from sandbox.aws.cloudwatch.rules.evaluation import State

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from rich.console import Console

    from sandbox.aws.cloudwatch.alarms import Change
    from sandbox.world import World


@dataclass(frozen=True, slots=True)
class ServedVpc:
    """A VPC, and the port where DNS queries are answered as from within it."""

    profile: str
    account: str
    region: str
    vpc: str
    subnet: str
    associated: bool
    dns_port: int


_STYLES: Final = {"WARNING": "yellow", "ERROR": "red", "CRITICAL": "red"}
# The fields of a log line that are printed after its message, in this order.
_DETAILS: Final = (
    "instance", "dns_name", "message_id", "rule", "dns_names", "changes", "reason", "exception_name"
)  # fmt: skip
# What functions write every few minutes while nothing happens.
_ROUTINE: Final = frozenset(
    {"VPCs described", "audits scheduled", "heartbeat answered", "spoke swept", "sweeps scheduled", "zone audited"}
)
# Alarms without data fire at once, until the first schedules have run.
_SETTLING_SECONDS: Final = 300


def log_text(line: Mapping[str, Any] | str) -> str | None:
    """A line of a function's log as text, or None for metrics and routine."""
    if isinstance(line, str):
        return line
    # Metrics, by "Specification: CloudWatch embedded metric format"
    # (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html).
    if "_aws" in line or (line.get("message") in _ROUTINE and line.get("level") in {None, "INFO"}):
        return None
    details = [_plain(line[key]) for key in _DETAILS if line.get(key)]
    return ": ".join([str(line.get("message", "")), *details])


def _plain(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


class Narrator:
    """Prints what happens in an organization, as it happens."""

    def __init__(self, made: World, profiles: Mapping[str, str], console: Console) -> None:
        self._made = made
        self._profiles = profiles
        self._console = console
        self._reported: Counter[str] = Counter()
        self._began = made.clock.now()
        self._unsettled: set[str] = set()

    def report(self, who: str, what: str, style: str = "") -> None:
        """Print one line, or more if the text has more."""
        lines = f"{time.strftime('%H:%M:%S')} {who:<9} {what}".split("\n")
        # Accounts choose tags, and a terminal obeys control characters.
        self._console.print(Text("\n").join(visible(line, style) for line in lines), soft_wrap=True)

    def forwarded(self, event: dict[str, Any]) -> tuple[dict[str, Any]]:
        """Report an event that one bus sends to another, and pass it on unchanged."""
        detail = event["detail"]
        what = detail.get("state") or ", ".join(f"{key}={value}" for key, value in detail.get("tags", {}).items())
        where = f"{self._profiles[event['account']]} {event['region']}"
        subject = " ".join(arn.rpartition("/")[2] for arn in event["resources"])
        self.report("event", f"{where}: {subject}: {event['detail-type']}: {what}", "dim")
        return (event,)

    def report_news(self) -> None:
        """Report new lines of the functions' logs, and events that did not reach their targets."""
        for function in self._made.functions.logged():
            log = self._made.functions.logs(function)
            for line in log[self._reported[function] :]:
                if (text := log_text(line)) is not None:
                    style = _STYLES.get(str(line.get("level")), "") if isinstance(line, dict) else ""
                    self.report(function.rpartition("-")[2], text, style)
            self._reported[function] = len(log)
        undelivered = self._made.router.undelivered
        for lost in undelivered[self._reported["undelivered"] :]:
            self.report("event", f"not delivered to {lost.target_arn}: {lost.code}: {lost.message}", "red")
        self._reported["undelivered"] = len(undelivered)

    def report_alarms(self, changes: Iterable[Change]) -> None:
        """Report alarms that fire or clear, and not those that have no data yet, or are well when they get it."""
        for change in changes:
            if change.before is State.INSUFFICIENT_DATA and change.at < self._began + _SETTLING_SECONDS:
                self._unsettled |= {change.alarm} if change.state is State.ALARM else set()
            elif change.alarm in self._unsettled:
                self._unsettled.discard(change.alarm)
            elif {change.before, change.state} != {State.INSUFFICIENT_DATA, State.OK}:
                style = "red" if change.state is State.ALARM else ""
                self.report("alarm", f"{change.alarm} is {change.state.value}: {change.reason}", style)


def introduction(
    console: Console, names: Mapping[str, str], vpcs: Sequence[ServedVpc], commands: Iterable[str], file: Path
) -> None:
    """Print the accounts, the VPCs with their DNS ports, and last the commands to copy, which are also in a file."""
    accounts = Table("profile", "account", "name", title="Accounts", title_justify="left", box=None)
    for account, name in names.items():
        accounts.add_row(label_of(name).text, account, name)
    networks = Table("profile", "region", "subnet", "DNS port", "zones", title="VPCs", title_justify="left", box=None)
    for vpc in vpcs:
        zones = "associated" if vpc.associated else "none"
        networks.add_row(vpc.profile, vpc.region, vpc.subnet, str(vpc.dns_port), zones)
    for table in (accounts, networks):
        console.print(table)
        console.print()
    console.print(f"Commands to copy, which are also in {file}:", soft_wrap=True)
    for command in commands:
        console.print(Text(command), soft_wrap=True)
