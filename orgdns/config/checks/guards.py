"""Checks of the limits of accounts and zones against each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from orgdns.config.sections.accounts import Guards

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orgdns.config.errors import Fault, Source

# A limit, the limit that it may not exceed, and why.
_PAIRS: Final = (
    ("account_names", "account_records", "a name has at least one record"),
    ("account_records", "zone_records", "one account could fill the zone"),
    ("account_vpcs", "zone_vpcs", "one account could fill the zone"),
)


def guard_faults(content: dict[str, Any], source: Source) -> Iterator[Fault]:
    """The faults of limits that contradict each other."""
    guards = content.get("guards")
    if not isinstance(guards, dict):
        return
    defaults = {name: field.default for name, field in Guards.model_fields.items()}
    for key, other, reason in _PAIRS:
        value, limit = (guards.get(name, defaults[name]) for name in (key, other))
        if isinstance(value, int) and isinstance(limit, int) and value > limit:
            # A key that the file has, so that the fault has its line.
            place = key if key in guards else other
            yield source.fault(("guards", place), f"{key} ({value:,}) exceeds {other} ({limit:,}): {reason}")
