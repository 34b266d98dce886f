"""The page of a report: its policy, its data, and what hostile texts can do."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orgdns.report.document import report_document
from orgdns.report.model import Report
from orgdns.report.page import SCRIPTS, STYLES, page
from tests.support.build import ROOT
from tests.support.cli.reports import drawn, report, with_text

ASSETS = ROOT / "orgdns" / "report" / "assets"
PIECES = (
    "<",
    ">",
    "&",
    '"',
    "'",
    "/",
    "!",
    "--",
    "=",
    " ",
    "\\",
    "$data",
    "${x}",
    "\u2028",
    "\u202e",
    "\x00",
    "\ud800",
)
TAGS = ("<script>", "</script>", "<!--", "-->", "<img src=x onerror=alert(1)>", "<svg onload=alert(1)>", "]]>", "&lt;")
HOSTILE = st.lists(st.sampled_from((*PIECES, *TAGS, "a", "\xe9")), max_size=8).map("".join)
# What would make markup or code of a text, or a request.
DANGEROUS = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|DOMParser|createContextualFragment"
    r"|\.style\b|cssText|fetch\(|XMLHttpRequest|sendBeacon|WebSocket|EventSource|import\(|\bopen\(|localStorage"
    r"|location\s*=|srcdoc|setTimeout\(\s*[\"'`]"
)


class Elements(HTMLParser):
    """The elements of a document with their attributes, and the text of each script and style."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, tuple[tuple[str, str | None], ...]]] = []
        self.raw: list[str] = []
        self._in_raw = False
        self.feed(document)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, tuple(attrs)))
        self._in_raw = tag in {"script", "style"}
        if self._in_raw:
            self.raw.append("")

    def handle_endtag(self, _tag: str) -> None:
        self._in_raw = False

    def handle_data(self, data: str) -> None:
        if self._in_raw:
            self.raw[-1] += data


SHOWN = Elements(page(report_document(report())))


def digest(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def policy() -> dict[str, str]:
    (content,) = [
        dict(attributes)["content"]
        for tag, attributes in SHOWN.elements
        if tag == "meta" and ("http-equiv", "Content-Security-Policy") in attributes
    ]
    assert content
    return {name: sources for name, _, sources in (part.partition(" ") for part in content.split("; "))}


def test_only_the_style_and_the_script_of_the_page_are_allowed() -> None:
    """The policy has their digests, and allows no request, no form and no other base of addresses."""
    style, _data, script = SHOWN.raw
    assert policy() == {
        "default-src": "'none'",
        "script-src": digest(script),
        "style-src": digest(style),
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "'none'",
    }


def test_the_policy_stands_before_what_it_is_about() -> None:
    """A policy in a meta element counts only for what follows it."""
    tags = [
        tag for tag, attributes in SHOWN.elements if tag in {"style", "script"} or ("charset", "utf-8") in attributes
    ]
    places = [
        tag
        for tag, attributes in SHOWN.elements
        if tag in {"style", "script", "link"} or dict(attributes).get("http-equiv")
    ]
    assert tags == ["meta", "style", "script", "script"]
    assert places == ["meta", "link", "style", "script", "script"]


def test_the_page_refers_to_nothing_outside() -> None:
    """Its links lead to its own sections, its icon is empty, and no element has a handler or a style of its own."""
    for tag, attributes in SHOWN.elements:
        for name, value in attributes:
            assert not name.startswith("on"), tag
            assert name not in {"style", "src", "action", "srcset"}, tag
            assert name != "href" or str(value).startswith("#") or value == "data:,"


@given(drawn(Report))
@settings(max_examples=10)
def test_a_report_adds_no_element(made: Report) -> None:
    """Whatever its texts are, the elements are those of any report, and the data come out as they went in."""
    document = report_document(made)
    found = Elements(page(document))
    assert found.elements == SHOWN.elements
    assert json.loads(found.raw[1]) == document


@given(HOSTILE)
@settings(max_examples=40)
def test_a_hostile_text_adds_no_element(text: str) -> None:
    """The same is true with a hostile text in each place."""
    document = report_document(with_text(report(), text))
    found = Elements(page(document))
    assert found.elements == SHOWN.elements
    assert json.loads(found.raw[1]) == document
    assert (found.raw[0], found.raw[2]) == (SHOWN.raw[0], SHOWN.raw[2])


def test_each_asset_is_in_the_page() -> None:
    """A file that is added to the folder is also named by the page."""
    assert {path.name for path in ASSETS.iterdir()} == {*SCRIPTS, *STYLES, "page.html"}


@pytest.mark.parametrize("path", sorted(ASSETS.glob("*.js")), ids=lambda path: path.name)
def test_scripts_make_no_markup_and_no_request(path: Path) -> None:
    """No script can turn a text into markup or code, or ask a network for anything."""
    assert DANGEROUS.findall(path.read_text()) == []


@pytest.mark.parametrize("path", sorted(ASSETS.iterdir()), ids=lambda path: path.name)
def test_assets_are_small_and_plain(path: Path) -> None:
    """A file has at most 300 lines, no tabs, nothing outside ASCII, and no script says where a script ends."""
    text = path.read_text()
    lines = text.splitlines()
    assert len(lines) <= 300
    assert [line for line in lines if "\t" in line or line != line.rstrip() or not line.isascii()] == []
    assert path.suffix == ".html" or "</" not in text


def test_the_picture_is_small() -> None:
    """Who clones the repository, or opens the README, need not wait for it."""
    picture = (ROOT / "docs" / "images" / "report.png").read_bytes()
    assert picture.startswith(b"\x89PNG")
    assert len(picture) < 300_000


def test_scripts_use_what_they_define() -> None:
    """Each function and class of the scripts is used somewhere."""
    text = "\n".join((ASSETS / name).read_text() for name in SCRIPTS)
    defined = re.findall(r"^(?:function\*?|class|const) (\w+)", text, re.MULTILINE)
    assert len(defined) == len(set(defined))
    assert [name for name in defined if len(re.findall(rf"\b{name}\b", text)) < 2] == []
