"""The page of a report in a real browser: it loads, it answers, and everybody can use it.

Chromium and its driver have to be installed (`.ci/run` does so). Without them, these tests are skipped.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from time import perf_counter
from typing import Any

from orgdns.report.model import Listing
from tests.support.browser.reports import Load, color_of_page, focus, text_of
from tests.support.cli.reports import PAYMENTS, SEARCH, names, report, spoke, spokes


def test_it_loads_without_an_error_and_asks_for_nothing(load: Load) -> None:
    """The console is empty, the policy is kept, and the only address that was asked for is the file's own."""
    opened = load(report())
    assert opened.log("browser") == []
    assert opened.run("return window.violations") == []
    assert [Path(address).name for address in opened.requests()] == ["orgdns.html"]
    assert opened.run("return document.title") == "orgdns: orgdns report, 2026-11-28 10:00 UTC"
    assert "Installation orgdns in eu-central-1, organization o-a1b2c3d4e5" in text_of(opened, "#about")


def test_each_section_says_something(load: Load) -> None:
    """What the report has is on the page."""
    opened = load(report())
    for section, words in {
        "state": ("Zones cannot be changed", "What to do: Check", "the rule pilot publishes nothing", "2.5 s"),
        "health": ("payments (444444444444)", "unreachable"),
        "zones": ("8,300 of 10,000 records (83 %), near the limit", "12 of 300 VPCs"),
        "objective": ("99.5 % of 603 names were in time, 3 late", "99 % of names are published within 60 seconds"),
        "names": ("web-00001.payments.corp.internal", "30 names.", "a foreign A record"),
        "findings": ("printer.corp.internal", "reserved"),
        "vpcs": ("10.7.0.0/16", "not selected"),
        "changes": ("A 10.7.0.4", "user/someone", "waits for an audit"),
        "events": ("Missed in all", "eu-west-1"),
    }.items():
        assert [word for word in words if word not in text_of(opened, f"#{section}")] == [], section


def test_a_report_without_anything_says_so(load: Load) -> None:
    """An installation that was just deployed has a page, too."""
    empty: Listing[Any] = Listing()
    opened = load(report(spokes=empty, zones=(), names=empty, findings=empty, vpcs=empty, unresolved=empty, others=()))
    assert opened.log("browser") == []
    assert "No account is covered yet." in text_of(opened, "#health")
    assert "No names." in text_of(opened, "#names")


def test_search_filter_and_sort_work_with_the_keyboard(load: Load) -> None:
    """Each is reached by the Tab key, and the number of results is announced."""
    opened = load(report(names=names(250)))
    focus(opened, "#names-data-search")
    opened.type("web-0002 eu-west")
    shown = opened.run("return [...document.querySelectorAll('#names tbody th')].map((cell) => cell.innerText)")
    assert shown == [f"web-{number:05}.payments.corp.internal" for number in (21, 24, 27)]
    assert text_of(opened, "#names-data-found") == "3 names."
    assert opened.run("return document.getElementById('names-data-found').getAttribute('role')") == "status"
    # From the search on, Tab leads to the filters: state, zone, account, region, rule.
    opened.press("Tab", "Tab", "Tab", "ArrowDown")
    assert opened.run("return document.activeElement.id") == "names-data-account"
    assert opened.run("return document.activeElement.selectedOptions[0].label") == f"payments ({PAYMENTS})"
    assert text_of(opened, "#names-data-found") == "2 names."
    focus(opened, "#names thead th:nth-child(1) button")
    opened.press("Enter")
    sort = "return document.querySelector('#names thead th').getAttribute('aria-sort')"
    assert opened.run(sort) == "ascending"
    opened.press("Enter")
    assert opened.run(sort) == "descending"
    assert text_of(opened, "#names tbody tr").startswith("web-00027")


def test_numbers_are_sorted_by_size(load: Load) -> None:
    """9 comes before 10, whatever their texts."""
    several = [replace(each, ttl=ttl) for each, ttl in zip(names(3).rows, (10, 9, 300), strict=True)]
    opened = load(report(names=Listing(3, {}, tuple(several))))
    opened.run("document.querySelector('#names thead th:nth-child(10) button').click()")
    assert opened.run(
        "return [...document.querySelectorAll('#names tbody td:last-child')].map((td) => td.innerText)"
    ) == [
        "9",
        "10",
        "300",
    ]


def test_pages_are_leafed_with_the_keyboard(load: Load) -> None:
    """A button at the end of the pages keeps the focus, and says that it does nothing."""
    opened = load(report(names=names(60)))
    focus(opened, "#names .pager button:nth-of-type(2)")
    opened.press("Enter", "Enter")
    assert "Rows 51 to 60 are shown." in text_of(opened, "#names-data-found")
    opened.press("Enter")
    assert "Rows 51 to 60 are shown." in text_of(opened, "#names-data-found")
    assert opened.run("return document.activeElement.getAttribute('aria-disabled')") == "true"


def test_the_arrow_keys_move_in_the_map(load: Load) -> None:
    """The map is one stop of the Tab key. Enter shows a cell in full, and regions that do not cover it are skipped."""
    covered = spokes(
        spoke(),
        spoke(region="us-east-1", state="unreachable"),
        spoke(SEARCH, region="eu-west-1"),
        spoke(SEARCH, region="us-east-1"),
    )
    opened = load(report(spokes=covered))
    assert opened.run("return document.querySelectorAll('.cell[tabindex=\"0\"]').length") == 1
    focus(opened, ".cell")
    opened.press("ArrowRight", "Enter")
    label = opened.run("return document.activeElement.getAttribute('aria-label')")
    assert label == f"payments ({PAYMENTS}), us-east-1: unreachable, 9 names"
    assert "the reader role denies access" in text_of(opened, "#health .details")
    opened.press("ArrowDown", "ArrowLeft", "ArrowLeft")
    assert opened.run("return document.activeElement.getAttribute('aria-label')").startswith(
        f"search ({SEARCH}), eu-west-1"
    )
    assert opened.run("return document.querySelectorAll('.cell[tabindex=\"0\"]').length") == 1


def test_the_first_stop_skips_to_the_report(load: Load) -> None:
    """Who uses a keyboard need not pass the links of the sections."""
    opened = load(report())
    opened.press("Tab")
    assert opened.run("return document.activeElement.className") == "skip"
    opened.press("Enter")
    assert opened.run("return document.activeElement.id") == "main"


def test_everything_has_a_name_for_screen_readers(load: Load) -> None:
    """Each control, table, picture and landmark of the accessibility tree has a name."""
    opened = load(report(names=names(60)))
    roles = {
        "button",
        "textbox",
        "searchbox",
        "combobox",
        "checkbox",
        "link",
        "table",
        "grid",
        "img",
        "region",
        "search",
    }
    nodes = opened.accessibility()
    found = [
        (node["role"]["value"], node.get("name", {}).get("value", ""))
        for node in nodes
        if not node["ignored"] and node["role"]["value"] in roles | {"navigation", "banner", "main"}
    ]
    assert {role for role, _ in found} >= {
        "button",
        "searchbox",
        "combobox",
        "table",
        "grid",
        "region",
        "main",
        "banner",
    }
    assert [role for role, name in found if not name.strip() and role in roles] == []
    levels = opened.run("return [...document.querySelectorAll('h1,h2,h3,h4')].map((each) => Number(each.tagName[1]))")
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert opened.run("return [...document.querySelectorAll('th')].filter((th) => !th.scope).length") == 0


def test_colors_follow_the_system_and_the_button(load: Load) -> None:
    """Dark colors come with the system's setting, and the button overrides it either way."""
    opened = load(report())
    light = color_of_page(opened)
    opened.emulate(prefers_color_scheme="dark")
    dark = color_of_page(opened)
    assert (light, dark) == ("rgb(255, 255, 255)", "rgb(13, 17, 23)")
    focus(opened, "#theme")
    opened.press("Enter")
    assert (text_of(opened, "#theme"), color_of_page(opened)) == ("Colors: light", light)
    opened.emulate(prefers_color_scheme="light")
    opened.press("Enter")
    assert (text_of(opened, "#theme"), color_of_page(opened)) == ("Colors: dark", dark)
    opened.press("Enter")
    assert (text_of(opened, "#theme"), color_of_page(opened)) == ("Colors: automatic", light)


def test_paper_is_light_and_has_no_controls(load: Load) -> None:
    """On paper there is nothing to press, also if the screen is dark."""
    opened = load(report())
    opened.emulate(media="print", prefers_color_scheme="dark")
    assert color_of_page(opened) == "rgb(255, 255, 255)"
    hidden = (
        "return [...document.querySelectorAll('.controls, .pager, nav, #theme')].filter((each) => each.offsetParent)"
    )
    assert opened.run(f"{hidden}.length") == 0
    assert opened.run("return document.querySelector('#names table').offsetHeight") > 0


def test_motion_is_reduced_on_request(load: Load) -> None:
    """Nothing moves by itself if the system asks for that."""
    opened = load(report())
    behavior = "return getComputedStyle(document.documentElement).scrollBehavior"
    opened.emulate(prefers_reduced_motion="no-preference")
    assert opened.run(behavior) == "smooth"
    opened.emulate(prefers_reduced_motion="reduce")
    assert opened.run(behavior) == "auto"


def test_fifty_thousand_names_are_searched_at_once(
    load: Load, record_testsuite_property: Callable[[str, object], None]
) -> None:
    """However many rows there are, the elements are those of one page. How long it takes is reported, not tested."""
    began = perf_counter()
    opened = load(report(names=names(50_000)))
    record_testsuite_property("seconds to load", round(perf_counter() - began, 2))
    elements = "return document.querySelectorAll('*').length"
    assert opened.run(elements) < 2_000
    ask = """
        const field = document.getElementById("names-data-search");
        const began = performance.now();
        field.value = arguments[0];
        field.dispatchEvent(new Event("input"));
        return [performance.now() - began, document.getElementById("names-data-found").textContent];
    """
    for text, answer in (("web-49999", "1 name."), ("eu-central-1 web-1", "6,667 names. Rows 1 to 25 are shown.")):
        took, found = opened.run(ask, text)
        record_testsuite_property(f"milliseconds to search for {text}", round(took))
        assert found == answer
    sort = """
        const began = performance.now();
        document.querySelector("#names thead button").click();
        return performance.now() - began;
    """
    record_testsuite_property("milliseconds to sort", round(opened.run(sort)))
    assert opened.run(elements) < 2_000
