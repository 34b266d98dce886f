"""What the options of `list`, `export` and `whois` select, and what is said of wrong ones."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.runtime.model.names import Fqdn, Spoke
from orgdns.cli.reports.inventory.columns import columns_of, sort_of
from orgdns.cli.reports.inventory.options import InvalidSelection, Known, Options, selection_of
from orgdns.cli.reports.inventory.row import InventoryRow, NameStatus
from orgdns.cli.reports.inventory.selection import Selection, wildcards
from tests.support.build import CORP_ZONE, RESEARCH, VPC, WORKLOADS, ZONE_IDS
from tests.support.cli.inventory import row

KNOWN = Known(
    ZONE_IDS, [Spoke("444444444444", "eu-central-1"), Spoke("555555555555", "us-east-1")], {"payments": "444444444444"}
)


def selected(options: Options, subject: InventoryRow) -> bool:
    return selection_of(options, KNOWN).has(subject)


@pytest.mark.parametrize(
    ("options", "other"),
    [
        (Options(pattern="web.corp.internal"), Options(pattern="db.corp.internal")),
        (Options(pattern="W?B.*"), Options(pattern="w?.*")),
        (Options(pattern="web*internal."), Options(pattern="*.example")),
        (Options(pattern="i-00000000000000001"), Options(pattern="i-00000000000000002")),
        (
            Options(pattern="orgdns/444444444444/eu-central-1/i-00000000000000001"),
            Options(pattern="444444444444/us-east-1/i-00000000000000001"),
        ),
        (Options(zones=["CORP.internal."]), Options(zones=["instances.internal"])),
        (Options(zones=[CORP_ZONE, "instances.internal"]), Options(zones=["instances.internal"])),
        (Options(accounts=["payments"]), Options(accounts=["555555555555"])),
        (Options(regions=["eu-central-1", "us-east-1"]), Options(regions=["us-east-1"])),
        (Options(units=[WORKLOADS]), Options(units=[RESEARCH])),
        (Options(vpcs=[VPC]), Options(vpcs=["vpc-0a1b2c3d4e5f60718"])),
        (Options(states=["running"]), Options(states=["stopped"])),
        (Options(tags=["Role"]), Options(tags=["role"])),
        (Options(tags=["Role=data*", "Name=web"]), Options(tags=["Role=data*", "Name=db"])),
        (Options(tags=["Role=data=base"]), Options(tags=["Role=data"])),
        (Options(cidrs=["10.0.0.0/16"]), Options(cidrs=["10.1.0.0/16", "fd00::/8"])),
        (Options(), Options(refused=True)),
        (Options(published=True), Options(conflict=True)),
    ],
)
def test_each_option_selects(options: Options, other: Options) -> None:
    """The row is selected by the first options, and not by the second."""
    subject = row(tags={"Name": "web", "Role": "data=base"})
    assert selected(options, subject)
    assert not selected(other, subject)


def test_row_without_facts_fits_no_filter_of_facts() -> None:
    """What is not known is not guessed."""
    subject = replace(row(), facts=None)
    assert selected(Options(accounts=["payments"]), subject)
    for options in (Options(states=["running"]), Options(tags=["Name"]), Options(units=[WORKLOADS])):
        assert not selected(options, subject)


def test_ptr_name_is_selected_by_its_address() -> None:
    """The network is that of the address that leads to the name."""
    ptr = row(name="4.0.7.10.in-addr.arpa.", record_type="PTR", values=("web.corp.internal.",))
    assert selected(Options(cidrs=["10.7.0.0/16"]), ptr)
    assert not selected(Options(cidrs=["10.8.0.0/16"]), ptr)
    assert not selected(Options(cidrs=["10.7.0.0/16"]), row(name="7.10.in-addr.arpa.", record_type="PTR"))


def test_conflicts_are_blocked_and_lost_names() -> None:
    """With --refused, refused names are beside them."""
    both = selection_of(Options(conflict=True, refused=True), KNOWN).statuses
    assert both == {NameStatus.CONFLICT, NameStatus.NOT_HELD, NameStatus.REFUSED}


def test_all_faults_are_reported_at_once_with_the_nearest_known_value() -> None:
    """A person corrects a command line once."""
    wrong = Options(
        pattern="web",
        zones=["crop.internal"],
        accounts=["paymets"],
        units=["Workloads"],
        regions=["eu-centrl-1"],
        vpcs=["vpc-X"],
        tags=["=x"],
        states=["runing"],
        cidrs=["10.7.0.4/8", "ten"],
    )
    faults: list[str] = []
    columns_of(["name,instanc"], faults)
    sort_of("-lable", faults)
    with pytest.raises(InvalidSelection) as raised:
        selection_of(wrong, KNOWN, faults)
    lines = str(raised.value).splitlines()
    assert [line.partition(":")[0] for line in lines] == [
        *("--columns", "--sort", "PATTERN", "--zone", "--account", "--unit", "--region", "--vpc"),
        *("--state", "--tag", "--cidr", "--cidr"),
    ]
    meant = ("instance", "label", "corp.internal", "payments", "eu-central-1", "running", "10.0.0.0/8")
    assert all(f"(did you mean {each}?)" in str(raised.value) for each in meant)


@pytest.mark.parametrize("text", ["10.7.0.4", "10.7.0.0/16", "fd00::1", "a/b", "a..b", "x" * 64 + ".corp.internal"])
def test_pattern_that_no_name_can_have_is_an_error(text: str) -> None:
    """An address says what to use instead."""
    with pytest.raises(InvalidSelection, match="PATTERN") as raised:
        selection_of(Options(pattern=text), KNOWN)
    assert text[0].isalpha() or "--cidr" in str(raised.value) or "use" in str(raised.value) or "fd00" in text


def test_name_in_unicode_is_found_encoded() -> None:
    """As `explain` finds it."""
    assert selection_of(Options(pattern="caf\xe9.corp.internal"), KNOWN).fqdn == Fqdn("xn--caf-dma.corp.internal.")


@given(text=st.text(max_size=20))
def test_text_without_wildcards_fits_itself_alone(text: str) -> None:
    """Nothing in a value of a tag is a pattern but the two wildcards."""
    pattern = wildcards(text)
    assert pattern.fullmatch(text)
    if "*" not in text and "?" not in text:
        assert not pattern.fullmatch(f"{text}x")


@given(before=st.text(max_size=8), after=st.text(max_size=8), between=st.text(max_size=8))
def test_star_stands_for_any_text(before: str, after: str, between: str) -> None:
    """Line breaks and dots, too."""
    assert wildcards(f"{before}*{after}").fullmatch(f"{before}{between}{after}")


def test_selection_of_nothing_takes_every_name() -> None:
    """Only refused names are left out: they are nobody's."""
    assert Selection().has(row())
    assert not Selection().has(row(status=NameStatus.REFUSED))
