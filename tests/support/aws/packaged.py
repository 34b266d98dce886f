"""The Lambda package, run without anything else of this environment."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def run_alone(code: str, *paths: Path) -> subprocess.CompletedProcess[str]:
    """Run code with only the standard library and these folders or zip files on the path."""
    setup = f"import sys; sys.path[:0] = {[str(path) for path in paths]!r}\n"
    return subprocess.run(  # noqa: S603  the code is the test's own
        [sys.executable, "-I", "-S", "-B", "-c", setup + code], capture_output=True, text=True, check=False
    )
