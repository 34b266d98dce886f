from __future__ import annotations

import pytest

from orgdns.config.load import ConfigInvalid, parse
from tests.docs.pages import page, section

MISTAKES = {
    "us-east-1]": "us-east-9]",
    '["444444444444", "555555555555"]': '[444444444444, "555555555555"]',
    '"{name}.corp.internal"': '"{nam}.corp.internal"',
}


def test_mistakes_are_reported_as_the_page_shows() -> None:
    """The example with these mistakes gives the lines under "Configure"; a line that is cut there ends in dots."""
    content = page("orgdns.example.yaml")
    for right, wrong in MISTAKES.items():
        assert content.count(right) == 1
        content = content.replace(right, wrong)
    shown = section(page("README.md"), "## Configure").split("```")[1].strip().splitlines()[1:]
    with pytest.raises(ConfigInvalid) as invalid:
        parse(content)
    reported = str(invalid.value).splitlines()
    assert len(reported) == len(shown)
    assert [line for line, whole in zip(shown, reported, strict=True) if not whole.startswith(line.rstrip("."))] == []
