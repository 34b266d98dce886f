"""Each example of docs/vpcs.md loads, and the page quotes the reasons that the code gives."""

from __future__ import annotations

import re

import pytest
import yaml

from orgdns.config.load import parse
from tests.support.build import EXAMPLE, ROOT

PAGE = (ROOT / "docs" / "vpcs.md").read_text()
EXAMPLES = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("snippet", EXAMPLES)
def test_example_is_a_configuration(snippet: str) -> None:
    """Merged into the example, it loads and selects the VPCs that resolve a zone."""
    content = yaml.safe_load(EXAMPLE.read_text()) | yaml.safe_load(snippet)
    content["policy"]["rules"] = [{"name": "all", "template": "{name}.{account_name}.corp.internal"}]
    assert parse(yaml.safe_dump(content)).association_policies


def test_page_quotes_the_reasons_of_the_code() -> None:
    """The first words of each row are in the code that gives the reason, or are AWS's error code."""
    code = "\n".join(
        (ROOT / "hub" / "runtime" / name).read_text()
        for name in ("associator/plan.py", "associator/findings.py", "aws/associations.py")
    )
    section = PAGE.split("## What stands in the way")[1].split("## What decides the answer")[0]
    rows = [line.split("|")[1].strip() for line in section.splitlines() if line.startswith("| ")][1:]
    assert len(rows) == 14
    for row in rows:
        first = re.split(r" \.\.\.|, enable|;", row)[0]
        assert first in code, row
