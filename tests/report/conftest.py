"""A browser for the tests of the page, one for each module."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from orgdns.report.document import report_document
from orgdns.report.model import Report
from orgdns.report.page import page
from tests.support.browser.reports import WATCH, Load, load_text
from tests.support.browser.session import BROWSER, DRIVER, MISSING, Browser, browser


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    if not (BROWSER and DRIVER):
        pytest.skip(MISSING)
    with browser(tmp_path_factory.mktemp("profile")) as opened:
        opened.devtools("Page.addScriptToEvaluateOnNewDocument", source=WATCH)
        yield opened


@pytest.fixture
def load(chromium: Browser, tmp_path: Path) -> Load:
    """Load a report as a file, with the colors that the system has by default."""

    def loaded(shown: Report) -> Browser:
        return load_text(chromium, tmp_path, page(report_document(shown)))

    return loaded
