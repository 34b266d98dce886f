"""Runs checkov on templates. `make check` installs it in an environment of its own."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.support.build import ROOT
from tests.support.lint.findings import Finding

COMMAND: Final = ROOT / ".venv-lint/bin/checkov"
# It runs without a network: no download of policies or guides, no upload of results. It exits with 0 despite findings.
_OPTIONS: Final = (
    *("--framework", "cloudformation"),
    *("--output", "json"),
    "--compact",
    "--quiet",
    "--skip-download",
    "--soft-fail",
)


@dataclass(frozen=True, slots=True)
class Report:
    """What checkov found.

    Attributes:
        findings: The failed checks of each file.
        passed: How many checks did not fail.
        unread: How many files it could not parse.
        skipped: How many checks a comment in a template suppressed.
    """

    findings: Mapping[str, frozenset[Finding]]
    passed: int
    unread: int
    skipped: int


def checkov(templates: Mapping[str, str], folder: Path) -> Report:
    """Write templates, by file name, to an empty folder, and run checkov on them."""
    for name, text in templates.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    # Without settings of the person, such as a key for checkov's platform.
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "LOG_LEVEL": "ERROR"}
    output = subprocess.run(  # noqa: S603  the command and its arguments are from this module
        [COMMAND, "--directory", folder, *_OPTIONS],
        capture_output=True,
        check=True,
        env=environment,
        timeout=300,
    ).stdout
    report: dict[str, Any] = json.loads(output)
    found: dict[str, set[Finding]] = {name: set() for name in templates}
    for failed in report["results"]["failed_checks"]:
        found[failed["file_path"].removeprefix("/")].add(Finding(failed["check_id"], failed["resource"]))
    return Report(
        findings={name: frozenset(of) for name, of in found.items()},
        passed=report["summary"]["passed"],
        unread=report["summary"]["parsing_errors"],
        skipped=report["summary"]["skipped"],
    )
