"""A deployment at the terminal: what would change, and what happens."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from rich.text import Text

from orgdns.cli.render.layout import INDENT, show_line, show_lines
from orgdns.cli.render.text import BAD, GOOD, visible
from orgdns.deployment.cloudformation.template_changes import ADD
from orgdns.deployment.planning import Step

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.console import Console

    from orgdns.deployment.bucket import Bucket
    from orgdns.deployment.cloudformation.progress import Event
    from orgdns.deployment.cloudformation.template_changes import Change
    from orgdns.deployment.planning import Plan, StackPlan
    from orgdns.deployment.preflight import Finding
    from orgdns.deployment.removal.everything import Removal

# Lines of changes of a stack that are shown without --all.
_SHOWN: Final = 20
_TYPE: Final = "AWS::"


def show_findings(console: Console, findings: Iterable[Finding]) -> None:
    """Show what the checks before a deployment found."""
    for finding in findings:
        word = Text.assemble(("problem  ", BAD) if finding.blocks else ("warning  ", "yellow"))
        show_line(console, visible(finding.text), word, indent=len(word))


def show_plan(console: Console, plan: Plan, *, everything: bool) -> None:
    """Show what would happen to each stack."""
    for each in plan.stacks:
        show_line(console, _heading(each))
        show_lines(console, (visible(note) for note in each.notes))
        lines = list(_changes(each, everything=everything))
        show_lines(console, lines)
    if not plan.any:
        show_line(console, Text("Nothing would change.", GOOD))


def show_removal(console: Console, removal: Removal, bucket: Bucket | None) -> None:
    """Show what is removed, and what stays and why."""
    show_stacks(console, removal)
    _show_zones(console, removal)
    if bucket:
        show_line(console, visible(f"stays: the bucket {bucket.name}, with templates and packages"))
        if bucket.own:
            show_line(console, visible(f"to delete it: {bucket.removal}"), indent=INDENT)
    if not removal.any:
        show_line(console, Text("Nothing is left to remove.", GOOD))


def show_stacks(console: Console, removal: Removal) -> None:
    """Show which stacks are removed, and what stays of them and why."""
    for each in removal.stacks:
        stack = each.stack
        show_line(
            console, Text.assemble((stack.name, "bold"), f" in {stack.region}: deleted, {each.resources} resources")
        )
        for kept in each.remaining:
            show_line(
                console, visible(f"stays: {kept.name} ({kept.type.removeprefix(_TYPE)}), {kept.reason}"), indent=INDENT
            )
            if kept.command:
                show_line(console, visible(f"to delete it: {kept.command}"), indent=INDENT)


def _show_zones(console: Console, removal: Removal) -> None:
    for domain, number in (removal.records or {}).items():
        show_line(console, visible(f"{domain}: {number:,} records of orgdns are deleted"))
    if removal.by_profile:
        text = (
            f"{len(removal.by_profile):,} VPCs have the Route 53 Profile, which cannot be deleted before. While the "
            "hub runs, `vpcs: none` ends these associations, once it is deployed and approved. Otherwise, with "
            "credentials of the account of each VPC:"
        )
        show_line(console, Text(text))
        show_lines(console, (visible(f"{each.vpc.account}: {each.command}") for each in removal.by_profile))
    if removal.records is None:
        show_line(console, Text("Records stay in the zones; --records deletes those of orgdns."))
    if removal.associations is None:
        show_line(console, Text("Associations of VPCs stay; --associations ends those that orgdns made."))
    else:
        show_line(console, Text(f"{len(removal.associations):,} associations of VPCs are ended"))
    for domain in removal.unknown:
        text = (
            "the network stack is gone, and with it the id of the zone: write `id` in place of `create` to look there"
        )
        show_line(console, visible(f"{domain}: {text}"))


def show_event(console: Console, event: Event) -> None:
    """Show something that happened, in a line."""
    style = BAD if event.failed else GOOD if event.status.endswith("COMPLETE") else ""
    reason = f": {event.reason}" if event.reason else ""
    same = event.subject == event.place
    indent = 0 if same else INDENT
    show_line(console, Text.assemble((event.status, style), " ", visible(event.subject + reason)), indent=indent)


def show_failed_instances(console: Console, failed: Iterable[Event]) -> None:
    """Show the accounts and regions that have no current stack."""
    for event in failed:
        show_line(console, visible(f"{event.subject}: {event.status} {event.reason}", BAD))


def _heading(planned: StackPlan) -> Text:
    stack = planned.stack
    words = f"{planned.step.value}, {len(planned.changes)} resources" if planned.changes else planned.step.value
    if planned.step is Step.UPDATE and not planned.changes:
        words = "update of outputs, tags or parameters"
    after = f", once the outputs of {planned.after} are known" if planned.after else ""
    compared = planned.step is Step.UPDATE and not planned.change_set
    how = " (compared with the deployed template)" if compared else ""
    account = f" of the account {planned.found.stack_id.split(':')[4]}" if planned.found.stack_id else ""
    return Text.assemble((stack.name, "bold"), f" in {stack.region}{account}: {words}{after}{how}")


def _changes(planned: StackPlan, *, everything: bool) -> Iterator[Text]:
    if planned.step is Step.CREATE and not everything:
        counts = Counter(change.type.removeprefix(_TYPE) for change in planned.changes)
        listed = ", ".join(f"{number} {kind}" for kind, number in sorted(counts.items()))
        yield visible(listed)
        return
    changes = sorted(planned.changes, key=lambda change: (change.action == ADD, change.replacement != "True", change))
    shown = changes if everything else changes[:_SHOWN]
    width = max((len(change.type.removeprefix(_TYPE)) for change in shown), default=0)
    for change in shown:
        yield _change(change, width)
    if more := len(changes) - len(shown):
        yield Text(f"and {more} more: --all shows them")


def _change(change: Change, width: int) -> Text:
    kind = change.type.removeprefix(_TYPE)
    replaced = {"True": "  replaced", "Conditional": "  perhaps replaced"}.get(change.replacement, "")
    return Text.assemble(f"{change.action:<8}{kind:<{width}}  ", visible(change.logical_id), (replaced, BAD))
