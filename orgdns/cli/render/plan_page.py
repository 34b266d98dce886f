"""The effects of a changed policy as a page, for a comment on a pull request or a page of a wiki. Pure.

A comment on GitHub has at most 65,536 characters, one on GitLab a million. A page that is too long shows fewer entries
of each list, and says how many it leaves out. The summary counts all of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hub.runtime.model.names import Action
from hub.runtime.publisher.batches import changes
from orgdns.cli.render.formats.markdown import markdown
from orgdns.cli.render.formats.page import Listing, Literal, Page, Paragraph, Phrase, Section, Table, Tone, shortened
from orgdns.cli.reports.plan.changes import Kind
from orgdns.cli.reports.plan.totals import totals

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hub.runtime.boundary.unreadable import Unreadable
    from hub.runtime.model.names import Change
    from orgdns.cli.render.formats.page import Line
    from orgdns.cli.reports.plan.changes import NameDifference, PolicyChange
    from orgdns.cli.reports.plan.quotas import VpcDemand
    from orgdns.cli.reports.plan.vpcs import AssociationChange

# What a comment has room for, with some left for what a pipeline adds.
MAX_CHARACTERS: Final = 60_000
SHOWN: Final = 40
HINT: Final = "orgdns plan --all shows them, --json has everything"
# A shared name can have a hundred members.
_PARTS: Final = 6
_HEADINGS: Final = ("account", "created", "deleted", "given", "taken", "changed", "refused", "lost")
_TONES: Final = {
    Kind.CREATED: Tone.GOOD,
    Kind.DELETED: Tone.BAD,
    Kind.HANDED_OVER: Tone.WARNING,
    Kind.CHANGED: Tone.WARNING,
}


def plan_page(
    change: PolicyChange,
    associations: Sequence[AssociationChange],
    demands: Sequence[VpcDemand],
    unreadable: Sequence[Unreadable],
    *,
    everything: bool,
) -> Page:
    """The page: with `everything` whole, otherwise no longer than a comment may be."""
    most = None if everything else SHOWN
    while True:
        page = _Plan(change, associations, demands, unreadable, most).page()
        if not most or len(markdown(page)) <= MAX_CHARACTERS:
            return page
        most //= 2


class _Plan:
    """A plan of which each list shows at most `most` entries; all of them if it is None."""

    def __init__(
        self,
        change: PolicyChange,
        associations: Sequence[AssociationChange],
        demands: Sequence[VpcDemand],
        unreadable: Sequence[Unreadable],
        most: int | None,
    ) -> None:
        self._change = change
        self._associations = associations
        self._demands = demands
        self._unreadable = unreadable
        self._most = most

    def page(self) -> Page:
        """The summary, then a section for each list that is not empty."""
        counted = totals(self._change, self._associations, len(self._unreadable))
        return Page("orgdns plan", (Paragraph(Phrase(str(counted), Tone.STRONG)),), tuple(self._sections()))

    def _sections(self) -> Iterator[Section]:
        change = self._change
        if change.accounts:
            yield self._accounts()
        yield from self._list("Names", [self._name(name) for name in change.names])
        refused = [
            (
                Literal(str(new.instance)),
                "by",
                Literal(new.refusal.rule),
                Literal(new.refusal.reason or new.refusal.name),
            )
            for new in change.refused
        ]
        yield from self._list("Newly refused", refused)
        lost = [
            (Literal(_shown(each.claim.key.fqdn)), "for", Literal(str(each.claim.instance)), Literal(each.reason))
            for each in change.lost
        ]
        yield from self._list("Claims that newly lose to others", lost)
        yield from self._list("VPCs", list(self._vpcs()))
        yield from self._list("VPCs by zone, and the quotas", list(self._quotas()))
        unreadable = [(Literal(row.what), Literal(row.reason)) for row in self._unreadable]
        yield from self._list("Rows that cannot be read, which the plan leaves out", unreadable)
        yield Section("Decided", (Listing(tuple(self._notes())),))

    def _list(self, title: str, lines: Sequence[Line]) -> Iterator[Section]:
        if lines:
            shown, left_out = shortened(lines, self._most)
            yield Section(f"{title}: {len(lines):,}", (Listing(shown, left_out, HINT),))

    def _accounts(self) -> Section:
        rows = [
            (
                (Literal(each.account), *((Literal(each.label),) if each.label else ())),
                *map(_number, (each.created, each.deleted, each.handed_to, each.handed_from)),
                *map(_number, (each.changed, each.refused, each.lost)),
            )
            for each in self._change.accounts
        ]
        shown, left_out = shortened(rows, self._most)
        table = Table(_HEADINGS, shown, frozenset(range(1, len(_HEADINGS))), left_out, HINT)
        note = Paragraph(Phrase("given, taken: names handed over to the account, and from it to others", Tone.QUIET))
        return Section("Accounts", (table, note))

    def _name(self, name: NameDifference) -> Line:
        parts = [_changed(each) for each in changes(name.before, name.after)]
        shown, left_out = shortened(parts, None if self._most is None else _PARTS)
        return (
            Phrase(name.kind, _TONES[name.kind]),
            Literal(_shown(name.key.fqdn)),
            *shown,
            *((f"and {left_out:,} more record sets",) if left_out else ()),
            *((Phrase("blocked:", Tone.BAD), Literal(name.blocked)) if name.blocked else ()),
        )

    def _vpcs(self) -> Iterator[Line]:
        for each in self._associations:
            zone = Literal(_shown(each.domain))
            for refs, effect, tone in (
                (each.gained, "would newly resolve", Tone.GOOD),
                (each.lost, "would no longer resolve", Tone.BAD),
                (each.kept, "is no longer selected, and keeps its association with", Tone.WARNING),
                (each.method_changed, "would resolve by another method", Tone.WARNING),
            ):
                for ref in refs:
                    yield (Literal(str(ref)), Phrase(effect, tone), zone)

    def _quotas(self) -> Iterator[Line]:
        for demand in self._demands:
            key = "guards.profile_vpcs" if demand.region else "guards.zone_vpcs"
            where = Literal(_shown(demand.domain)) if demand.domain else f"the Profile in {demand.region}"
            tone = Tone.BAD if demand.too_many else Tone.WARNING if demand.near else Tone.PLAIN
            too_many = f"; {demand.too_many:,} would be refused" if demand.too_many else ""
            yield (where, Phrase(f"{demand.vpcs:,} of {demand.quota:,} VPCs ({key}){too_many}", tone))
            for account, vpcs in demand.accounts:
                allowed = f"has {vpcs:,} VPCs, and {demand.account_quota:,} are allowed (guards.account_vpcs)"
                yield ("the account", Literal(account), Phrase(allowed, Tone.BAD))

    def _notes(self) -> Iterator[Line]:
        undecided = self._change.undecided
        yield f"{self._change.decided:,} instances, by their last known facts"
        if undecided.not_covered:
            yield f"{undecided.not_covered:,} that are not covered: they lose their names after the grace period"
        if undecided.without_facts:
            yield f"{undecided.without_facts:,} without facts in the ledger, so their names are unknown"


def _changed(change: Change) -> Literal:
    record_set = change.record_set
    sign, tone = ("+", Tone.GOOD) if change.action is Action.CREATE else ("-", Tone.BAD)
    owner = record_set.holder or "another tool"
    text = f"{sign} {record_set.type} {', '.join(record_set.values)} TTL {record_set.ttl} of {owner}"
    return Literal(text, tone)


def _number(number: int) -> Line:
    return f"{number:,}" if number else "-"


def _shown(fqdn: str) -> str:
    return fqdn.removesuffix(".")
