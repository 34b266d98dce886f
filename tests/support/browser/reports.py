"""The page of a report in a browser, and what a test asks of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from orgdns.report.model import Report
from tests.support.browser.session import Browser

Load = Callable[[Report], Browser]
# Before the page's own script, and whatever its policy says: what the policy forbids is written down.
WATCH: Final = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => window.violations.push(event.effectiveDirective));
"""


def load_text(chromium: Browser, folder: Path, text: str) -> Browser:
    file = folder / "orgdns.html"
    file.write_text(text)
    chromium.emulate(prefers_color_scheme="light")
    for kind in ("browser", "performance"):
        chromium.log(kind)
    chromium.open(file)
    return chromium


def text_of(opened: Browser, selector: str) -> str:
    text: str = opened.run("return document.querySelector(arguments[0]).innerText", selector)
    return text


def focus(opened: Browser, selector: str) -> None:
    opened.run("document.querySelector(arguments[0]).focus()", selector)


def color_of_page(opened: Browser) -> str:
    color: str = opened.run("return getComputedStyle(document.body).backgroundColor")
    return color
