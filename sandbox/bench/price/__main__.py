"""Runs `make cost`: writes the tables of docs/cost.md."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sandbox.bench.price.activities import counted
from sandbox.bench.price.tables import with_tables

PAGE: Final = Path(__file__).resolve().parents[3] / "docs" / "cost.md"


def main() -> None:
    """Count, and write the page with new tables."""
    PAGE.write_text(with_tables(PAGE.read_text(), counted()))


if __name__ == "__main__":
    main()
