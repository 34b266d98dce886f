"""What a dry run keeps back, as a page. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hub.runtime.model.names import Action
from orgdns.cli.render.formats.page import (
    Listing,
    Literal,
    Page,
    Paragraph,
    Part,
    Phrase,
    Section,
    Table,
    Tone,
    shortened,
)

if TYPE_CHECKING:
    from collections.abc import Collection

    from hub.runtime.boundary.unreadable import Unreadable
    from orgdns.cli.render.formats.page import Block, Line
    from orgdns.cli.reports.pending import Pending, PendingAssociation, PendingName, Total

SHOWN: Final = 40
_HINT: Final = "--all shows them, --json has everything"
_NUMBERS: Final = ("create", "delete", "associate", "end", "blocked")
_TONES: Final = {Action.CREATE: Tone.GOOD, Action.DELETE: Tone.BAD}


def pending_page(found: Pending, unreadable: Collection[Unreadable] = (), *, everything: bool) -> Page:
    """The totals first, then the names and the VPCs: all of them, or the first of each."""
    most = None if everything else SHOWN
    total = found.total
    if not found.any:
        line: Line = "Nothing is kept back by a dry run."
    else:
        line = (
            f"Turned on, orgdns would create {total.created:,} and delete {total.deleted:,} record sets, make "
            f"{total.associated:,} and end {total.ended:,} associations of VPCs. Something is in the way of "
            f"{total.blocked:,} names and VPCs."
        )
        if found.stopped:
            line += f" The guards would stop the removal of {found.stopped:,} of them until orgdns approve."
        elif total.deleted or total.ended:
            line += " The guards would stop none of the removals."
    sections = [
        _totals("By zone", "zone", found.zones),
        _totals("By account", "account", found.accounts),
        _names(found.names, most),
        _associations(found.associations, most),
        _unread(unreadable, most),
    ]
    return Page("Pending in dry run", (Paragraph(line),), tuple(section for section in sections if section))


def _totals(title: str, subject: str, totals: Collection[Total]) -> Section | None:
    rows: tuple[tuple[Line, ...], ...] = tuple(
        (
            Literal(total.subject),
            *(f"{number:,}" for number in (total.created, total.deleted, total.associated, total.ended, total.blocked)),
        )
        for total in totals
    )
    numbers = frozenset(range(1, len(_NUMBERS) + 1))
    return Section(title, (Table((subject, *_NUMBERS), rows, numbers),)) if rows else None


def _names(names: Collection[PendingName], most: int | None) -> Section | None:
    if not names:
        return None
    shown, more = shortened([*names], most)
    rows: list[tuple[Line, ...]] = []
    for name in shown:
        subject: Line = Literal(name.key.fqdn.removesuffix("."), Tone.STRONG)
        rules: Line = tuple(Literal(rule) for rule in name.rules)
        blocked = _blocked(name)
        for change in name.changes or (None,):
            cells: tuple[Line, ...] = ("", "", "")
            if change:
                record_set = change.record_set
                values = Literal(" ".join(record_set.values))
                action = Phrase(change.action.value.lower(), _TONES[change.action])
                cells = (action, (record_set.type.value, values), Literal(record_set.holder))
            rows.append((subject, *cells, rules, blocked))
            subject, rules, blocked = "", "", ""
    headings = ("name", "action", "record", "instance", "rule", "in the way")
    return Section("Names", (Table(headings, tuple(rows), left_out=more, hint=_HINT),))


def _blocked(name: PendingName) -> Line:
    parts: list[Part] = []
    for kind, reason in name.blocks:
        parts += [Phrase(f"{kind}:", Tone.WARNING), Phrase(f"{reason}.")]
    return tuple(parts) or ""


def _associations(associations: Collection[PendingAssociation], most: int | None) -> Section | None:
    if not associations:
        return None
    shown, more = shortened([*associations], most)
    rows = tuple(
        (
            Literal(str(each.vpc)),
            Phrase("end", Tone.BAD) if each.ends else Phrase("associate", Tone.GOOD),
            Literal(each.domain.removesuffix(".")),
            each.method.value,
            each.block,
        )
        for each in shown
    )
    headings = ("VPC", "action", "zone", "by", "in the way")
    return Section("VPCs", (Table(headings, rows, left_out=more, hint=_HINT),))


def _unread(unreadable: Collection[Unreadable], most: int | None) -> Section | None:
    shown, more = shortened([*unreadable], most)
    lines: tuple[Line, ...] = tuple((Literal(each.what), each.reason) for each in shown)
    blocks: tuple[Block, ...] = (Listing(lines, more, _HINT),)
    return Section("Rows of the ledger that cannot be read and are left out", blocks) if lines else None
