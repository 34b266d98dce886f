"""Hostile texts in the page of a report, in a real browser: nothing of them runs, and nothing leaves."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from orgdns.report.document import report_document
from orgdns.report.page import page
from tests.support.browser.reports import Load, load_text
from tests.support.browser.session import Browser
from tests.support.build import ROOT
from tests.support.cli.reports import report, with_text

ASSETS = ROOT / "orgdns" / "report" / "assets"
HOSTILE = (
    "<script>window.ran = 1</script>",
    "</script><script>window.ran = 1</script>",
    "<!--<script>",
    "\"'><img src=x onerror='window.ran = 1'>",
    "<svg/onload=window.ran=1>",
    "javascript:window.ran=1",
    "\u202egnp.exe\x00\x1b[31m\u2028\ud800",
    "a" * 2_000,
)
# The elements that the scripts make.
KINDS = set(
    re.findall(r"\b(?:el|svg)\(\s*\"(\w+)\"", "".join(path.read_text() for path in sorted(ASSETS.glob("*.js"))))
)
KINDS |= {"section", "div", "h2"}


# All of them in each place, and those alone that could be mistaken for what JavaScript's objects have.
@pytest.mark.parametrize("text", [" ".join(HOSTILE), "__proto__", "constructor"], ids=["all", "proto", "constructor"])
def test_hostile_texts_stay_texts(load: Load, text: str) -> None:
    """In each place, a text makes no element, runs nothing and asks for nothing. It can be read."""
    opened = load(with_text(report(), text))
    assert opened.run("return window.ran") is None
    assert opened.run("return window.violations") == []
    assert opened.log("browser") == []
    assert len(opened.requests()) == 1
    assert opened.run("return document.querySelectorAll('main script, img, iframe, object').length") == 0
    kinds = opened.run("return [...new Set([...document.querySelectorAll('main *')].map((each) => each.localName))]")
    assert set(kinds) <= KINDS
    shown = re.sub(r"[\u2028\ud800\x00\x1b\u202e]", lambda match: f"\\u{{{ord(match[0]):x}}}", text)
    assert shown in opened.run("return document.querySelector('#findings tbody').textContent")


def test_the_policy_stops_what_is_not_in_it(chromium: Browser, tmp_path: Path) -> None:
    """If markup got into the page after all, no script, handler, style or picture of it would work."""
    markup = (
        "<script>window.ran = 1</script><img src='http://127.0.0.1:9/x' onerror='window.ran = 1'><p style='color: red'>"
    )
    opened = load_text(chromium, tmp_path, page(report_document(report())).replace("<main", f"{markup}<main"))
    assert opened.run("return window.ran") is None
    violations = opened.run("return window.violations")
    assert {"script-src-elem", "img-src", "style-src-attr"} <= set(violations)
    assert not [address for address in opened.requests() if address.startswith("http")]


def test_markup_cannot_be_made_of_texts(load: Load) -> None:
    """Even a script of the page that tried to could not."""
    opened = load(report())
    made = "try { document.body.innerHTML = '<b>x</b>'; return 'made' } catch (error) { return error.name }"
    assert opened.run(made) == "TypeError"
