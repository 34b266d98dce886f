"""Names as one JSON document, written piece by piece. Pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from orgdns.cli.reports.inventory.columns import fields_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from orgdns.cli.reports.inventory.row import InventoryRow

# It rises when a field is renamed or removed, or means something else. New fields leave it as it is.
SCHEMA: Final = 1


def document(rows: Iterable[InventoryRow], installation: str, exported_at: str) -> Iterator[str]:
    """The pieces of the document: `schema`, `installation`, `exported_at` and `names`, with the fields of `list`."""
    head = json.dumps({"schema": SCHEMA, "installation": installation, "exported_at": exported_at})
    yield f'{head.removesuffix("}")}, "names": ['
    for number, row in enumerate(rows):
        yield f"{',' if number else ''}\n{json.dumps(fields_of(row))}"
    yield "\n]}\n"
