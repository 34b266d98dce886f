"""Which instances had something, from history. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hub.runtime.model.names import Fqdn, Millis
    from orgdns.cli.reports.history.report import Use


@dataclass(frozen=True, slots=True)
class Holder:
    """An instance to which names led, from the first to the last time; `until` is None if they still do."""

    instance: str
    since: Millis
    until: Millis | None
    names: tuple[Fqdn, ...]


def holders(uses: Iterable[Use]) -> tuple[Holder, ...]:
    """The instances of these uses, the latest first. What is not known is left out."""
    found: dict[str, list[Use]] = {}
    for use in uses:
        for holder in sorted({each.holder for each in use.record_sets or () if each.holder}):
            found.setdefault(holder, []).append(use)
    made = [
        Holder(
            instance,
            min(use.since for use in of),
            None if any(use.until is None for use in of) else max(use.until for use in of if use.until is not None),
            tuple(sorted({use.key.fqdn for use in of})),
        )
        for instance, of in found.items()
    ]
    return tuple(sorted(made, key=lambda each: (-each.since, each.instance)))
