"""Names in the format of /etc/hosts (hosts(5)). Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from orgdns.cli.reports.inventory.row import InventoryRow


def hosts_file(rows: Iterable[InventoryRow], exported_at: str) -> Iterator[str]:
    """A line for each address of each plain name. PTR names have no place in the format."""
    yield f"# Names that orgdns publishes, as of {exported_at}\n"
    for row in rows:
        if row.name.type in {"A", "AAAA"}:
            for address in row.name.values:
                yield f"{address}\t{row.name.fqdn.removesuffix('.')}\n"
