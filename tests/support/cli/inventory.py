"""Rows of the inventory with defaults, and ones that are as hostile as they can be."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import strategies as st

from hub.runtime.model.names import Fqdn, Millis
from orgdns.cli.reports.inventory.row import InstanceFacts, InventoryRow, NameRow, NameStatus
from tests.support.build import CORP, CORP_ZONE, PAYMENTS, interface, ref

# What breaks lines, columns, quotes, terminals, templates and formulas.
HOSTILE = (
    "=cmd|'/c calc'!A0",
    '"; rm -rf /\n',
    "\x1b]0;title\x07",
    "{{ lookup('pipe', 'touch /tmp/owned') }}",
    "a\tb\r\nc",
    "</script>",
    "\u202eevil",
    "#comment ; $INCLUDE /etc/passwd",
    "`id`",
    "\x00",
    "  -1+1",
)
texts = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=30))


def row(  # noqa: PLR0913 - a builder has a default for each
    number: int = 1,
    *,
    name: str = "web.corp.internal.",
    record_type: str = "A",
    values: tuple[str, ...] = ("10.0.0.1",),
    status: NameStatus = NameStatus.PUBLISHED,
    holders: int = 1,
    reason: str = "",
    tags: Mapping[str, str] | None = None,
    ttl: int = 60,
) -> InventoryRow:
    facts = InstanceFacts(
        ref=ref(number),
        seen_at=Millis(5),
        state="running",
        launched_at=Millis(1_000),
        az="eu-central-1a",
        interfaces=(interface(f"10.0.0.{number}"),),
        tags=tuple(sorted((tags or {"Name": "web"}).items())),
        label=PAYMENTS.label or "",
        units=PAYMENTS.units,
    )
    found = NameRow(
        zone_id=CORP_ZONE,
        fqdn=Fqdn(name),
        type=record_type,
        values=values,
        ttl=ttl,
        status=status,
        instance=ref(number),
        rule="short-names",
        reason=reason,
        holders=holders,
        recorded_at=Millis(7),
    )
    return InventoryRow(found, CORP, facts)


hostile_tags = st.dictionaries(st.one_of(st.just("Name"), texts.filter(bool)), texts, max_size=4)
hostile_rows = st.lists(
    st.builds(
        row,
        number=st.integers(1, 9),
        name=st.one_of(st.sampled_from(("web.corp.internal.", "db.corp.internal.")), texts),
        values=st.one_of(st.just(("10.0.0.1",)), st.lists(texts, max_size=2).map(tuple)),
        reason=texts,
        tags=hostile_tags,
        holders=st.integers(1, 2),
    ),
    max_size=6,
)
