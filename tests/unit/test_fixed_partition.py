"""No module names a partition or Route 53's region of one: what the partition decides comes from the region."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
# `arn:aws:` in any writing, also in a pattern with another partition beside it.
FIXED = re.compile(r"arn:aws:|arn:\(?aws\|")


def test_c5_no_module_writes_the_partition_of_an_arn() -> None:
    """The code of the product and of the sandbox takes the partition of ARNs from the stack or the region."""
    files = [
        path for folder in ("orgdns", "hub", "network", "spoke", "sandbox") for path in ROOT.glob(f"{folder}/**/*.py")
    ]
    assert len(files) > 100
    assert [str(path.relative_to(ROOT)) for path in files if FIXED.search(path.read_text(encoding="utf-8"))] == []


def test_c5_no_template_writes_the_partition_of_an_arn() -> None:
    """The generated templates deploy in every partition.

    IAM has no word for its own partition, so the policies of whoever deploys have that of the configuration.
    """
    templates = [path for path in ROOT.glob("templates/*") if not path.name.startswith("deployer-")]
    assert len(templates) > 1
    assert [path.name for path in templates if "arn:aws:" in path.read_text(encoding="utf-8")] == []
