"""The JSON of `orgdns validate`. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from orgdns.cli.render.documents.fields import Document
    from orgdns.config.errors import Fault


def validation_document(file: Path, faults: Sequence[Fault], warnings: Sequence[str]) -> Document:
    """The document of `validate --json`."""
    return {
        "file": str(file),
        "valid": not faults,
        "faults": [{"line": fault.line, "place": fault.place or None, "message": fault.message} for fault in faults],
        "warnings": list(warnings),
    }
