"""Reports as values, to show and to try a page with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from types import NoneType
from typing import Any, Final, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

from orgdns.report.model import (
    Change,
    Changes,
    Finding,
    Header,
    Hour,
    Listing,
    Name,
    OthersChange,
    Problem,
    Report,
    Seconds,
    Share,
    Spoke,
    Trend,
    Unresolved,
    Vpc,
    Zone,
)

MADE_AT: Final = "2026-11-28T10:00:00.000Z"
EARLIER: Final = "2026-11-28T09:30:00.000Z"
PAYMENTS, SEARCH = "444444444444", "555555555555"
# What the page reads as something else than text for people.
_MEANT: Final = frozenset(
    {"state", "kind", "at", "since", "made_at", "heartbeat_at", "swept_at", "event_at", "audited_at"}
)


def name(number: int = 1, state: str = "published", reason: str = "") -> Name:
    """One of many names."""
    return Name(
        name=f"web-{number:05}.payments.corp.internal",
        zone="corp.internal",
        values=f"A 10.7.{number // 250 % 250}.{number % 250}",
        ttl=60,
        account=PAYMENTS if number % 2 else SEARCH,
        region="eu-central-1" if number % 3 else "eu-west-1",
        instance=f"i-{number:017x}",
        rule="regional-names",
        claimants=1,
        state=state,
        reason=reason,
    )


def names(number: int) -> Listing[Name]:
    """So many names, of which each hundredth is in conflict."""
    rows = [name(each) if each % 100 else name(each, "conflict", "a foreign A record") for each in range(number)]
    conflicts = (number + 99) // 100
    return Listing(number, {"conflict": conflicts, "published": number - conflicts}, tuple(rows))


def spoke(account: str = PAYMENTS, region: str = "eu-central-1", state: str = "well", missed: int = 0) -> Spoke:
    """An account in a region."""
    return Spoke(
        account=account,
        region=region,
        state=state,
        reasons=() if state == "well" else ("unreachable: the reader role denies access",),
        instances=3,
        names=9,
        vpcs=1,
        swept_at=EARLIER,
        event_at=None,
        missed=missed,
        missed_ever=missed,
        undelivered=0,
        undelivered_new=0,
        event_fault="",
    )


def spokes(*rows: Spoke) -> Listing[Spoke]:
    """These accounts and regions."""
    return Listing(len(rows), {}, rows)


def report(**parts: Any) -> Report:  # noqa: ANN401 - the fields of a report
    """A report in which each section has something to say."""
    problem = Problem(
        "zones-closed", "publisher", "Zones cannot be changed", EARLIER, ("Z1",), ("corp.internal",), "Check"
    )
    whole = Report(
        header=Header(
            installation="orgdns",
            region="eu-central-1",
            made_at=MADE_AT,
            version="1.2.3",
            functions="1.2.3",
            organization="o-a1b2c3d4e5",
            paused=None,
            dry_run=("the rule pilot publishes nothing",),
            heartbeat_at=EARLIER,
            path=2.5,
            problems=(problem,),
        ),
        accounts={PAYMENTS: "payments", SEARCH: "search"},
        spokes=spokes(spoke(), spoke(region="eu-west-1", state="unreachable", missed=4), spoke(SEARCH)),
        zones=(
            Zone(
                zone="corp.internal",
                zone_id="Z0123456789",
                names=900,
                records=8_300,
                records_limit=10_000,
                vpcs=12,
                vpcs_limit=300,
                account_records=2_000,
                accounts=(Share(PAYMENTS, 700, 800), Share(SEARCH, 200, 200)),
                more_accounts=1,
                audited_at=EARLIER,
                fault="",
            ),
        ),
        trend=Trend(
            since="2026-11-14T00:00:00.000Z",
            hours=(
                Hour("2026-11-27T08:00:00.000Z", 200, 3, 4, 0),
                Hour("2026-11-28T08:00:00.000Z", 400, 0, 0, 1),
            ),
            latency=(Seconds("corp.internal", "2026-11-28T00:00:00.000Z", 1.5, 9.0),),
            seconds=60,
            share=0.99,
        ),
        names=names(30),
        findings=Listing(
            2,
            {"conflict": 1, "refused": 1},
            (
                Finding("conflict", "printer.corp.internal", PAYMENTS, "eu-central-1", "i-1", "short-names", "foreign"),
                Finding("refused", "db.corp.internal", SEARCH, "eu-west-1", "i-2", "short-names", "reserved"),
            ),
        ),
        vpcs=Listing(1, {}, (Vpc("vpc-1", "main", PAYMENTS, "eu-central-1", "10.7.0.0/16", "corp.internal", "", ""),)),
        unresolved=Listing(
            1, {}, (Unresolved("vpc-2", "eu-west-1", SEARCH, "corp.internal", 1, 2, "a.corp.internal", "not selected"),)
        ),
        changes=Changes(
            EARLIER, Listing(1, {}, (Change(EARLIER, "web.corp.internal", "", "A 10.7.0.4", "i-1", "start"),))
        ),
        others=(
            OthersChange("corp.internal", "arn:aws:iam::333333333333:user/someone", 2, EARLIER, EARLIER, waits=True),
        ),
    )
    return replace(whole, **parts)


def with_text(value: Any, text: str) -> Any:  # noqa: ANN401 - any part of a report
    """The same report with this text in each place that people fill, or that comes from AWS."""
    if isinstance(value, str):
        return text
    if isinstance(value, tuple):
        return tuple(with_text(each, text) for each in value)
    if isinstance(value, dict):
        return {key: with_text(each, text) for key, each in value.items()}
    if not is_dataclass(value):
        return value
    parts = {field.name: getattr(value, field.name) for field in fields(value)}
    changed = {key: part if key in _MEANT else with_text(part, text) for key, part in parts.items()}
    kind: Any = type(value)
    return kind(**changed)


def drawn(kind: Any) -> st.SearchStrategy[Any]:  # noqa: ANN401 - the type of any part of a report
    """Parts of reports of this type, with any texts."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is tuple:
        return st.lists(drawn(arguments[0]), max_size=2).map(tuple)
    if origin is Mapping:
        return st.dictionaries(st.text(max_size=8), drawn(arguments[1]), max_size=2)
    if origin is Listing:
        counts = st.dictionaries(st.text(max_size=8), st.integers(0, 9), max_size=2)
        rows = st.lists(drawn(arguments[0]), max_size=2).map(tuple)
        return st.builds(Listing, total=st.integers(0, 9), kinds=counts, rows=rows)
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        make: Any = kind
        return st.builds(make, **{field.name: drawn(hints[field.name]) for field in fields(kind)})
    if arguments:
        return st.one_of(*(drawn(each) for each in arguments))
    plain = {str: st.text(max_size=8), int: st.integers(0, 9), float: st.floats(0, 9), bool: st.booleans()}
    return st.none() if kind is NoneType else plain[kind]
