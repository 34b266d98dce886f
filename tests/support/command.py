"""`orgdns` as an operator runs it: a process of its own, against the sandbox's API."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.build import ROOT

REGION = "eu-central-1"

CORP = "corp.internal"


@dataclass(frozen=True, slots=True)
class Command:
    """`orgdns`, called from another folder with an environment of its own."""

    environment: dict[str, str]
    folder: Path

    def __call__(self, *arguments: str, code: int = 0, **environment: str) -> subprocess.CompletedProcess[str]:
        end = subprocess.run(  # noqa: S603 - our own command
            [ROOT / "bin" / "orgdns", *arguments],
            env=self.environment | environment,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert end.returncode == code, (end.stdout, end.stderr)
        assert "Traceback" not in end.stderr
        assert "\x1b" not in end.stdout + end.stderr
        return end

    def json(self, *arguments: str, code: int = 0) -> dict[str, Any]:
        end = self(*arguments, "--json", code=code)
        assert end.stderr == ""
        document: dict[str, Any] = json.loads(end.stdout)
        return document
