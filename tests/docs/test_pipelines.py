"""The page on pipelines names the parameters that the templates have."""

from __future__ import annotations

import re

from tests.docs.pages import page, section
from tests.support.build import ROOT

ZONES = "/orgdns/orgdns/network/zones/"
# The example has no zone that uses a Profile, and so no template with this one.
OF_PROFILES = "/orgdns/orgdns/network-region/ProfileId"


def test_each_parameter_is_on_the_page() -> None:
    """The table has the name of each parameter, and no other. The ids of zones have one line."""
    table = section(page("docs/pipelines.md"), "## What the stacks tell")
    shown = set(re.findall(r"`(/orgdns/orgdns/[\w/-]+)`", table))
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / "templates").glob("*.yaml")]
    names = {name for text in texts for name in re.findall(r"^ +Name: (/orgdns/\S+)$", text, re.MULTILINE)}
    assert any(name.startswith(ZONES) for name in names)
    expected = {name for name in names if not name.startswith(ZONES)} | {OF_PROFILES, f"{ZONES}DOMAIN"}
    assert shown == expected
