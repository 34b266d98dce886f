"""Reports on names and instances, and a screen for them."""

from __future__ import annotations

from io import StringIO

from rich.console import Console

from hub.runtime.model.names import Claim, Instance, Millis, NameState, Published, Refusal
from hub.runtime.model.observation import Observation
from orgdns.cli.reports.explain.claims import NameReport, name_report
from tests.support.build import PAYMENTS, SEARCH, ZONE_IDS, key

LABELS = {PAYMENTS.id: "payments", SEARCH.id: "search"}


def report(*claims: Claim, published: Published | None = None) -> NameReport:
    return name_report(NameState(key(), claims, published or Published()), ZONE_IDS, LABELS)


def observed(subject: Instance, *claims: Claim, refusals: tuple[Refusal, ...] = ()) -> Observation:
    return Observation(subject.ref, Millis(5), claims, instance=subject, account=PAYMENTS, refusals=refusals)


def screen(*, terminal: bool = False) -> Console:
    return Console(
        file=StringIO(), width=80, force_terminal=terminal, highlight=False, markup=False, emoji=False,
        color_system="standard" if terminal else None,
    )  # fmt: skip


def said(console: Console) -> str:
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def folded(console: Console) -> str:
    """The output as a single line."""
    return " ".join(said(console).split())
