"""The formats in which names are exported, for the command and for the function that writes files every day."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from orgdns.cli.render.export.ansible import ansible
from orgdns.cli.render.export.document import document
from orgdns.cli.render.export.hosts_file import hosts_file
from orgdns.cli.render.export.prometheus import prometheus
from orgdns.cli.render.export.spreadsheet import spreadsheet
from orgdns.cli.render.export.ssh_config import ssh_config
from orgdns.cli.render.export.zone_file import zone_file
from orgdns.cli.reports.inventory.hosts import Host, LeftOut, Plain, hosts_of
from orgdns.cli.reports.times import time
from orgdns.cli.sources.inventory.store import BY_INSTANCE, BY_NAME, InventoryStore

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hub.runtime.model.names import Fqdn, Millis
    from orgdns.cli.sources.inventory.groups import StoredGroups


class ExportFormat(StrEnum):
    """What is written."""

    CSV = "csv"
    JSON = "json"
    HOSTS = "hosts"
    BIND = "bind"
    ANSIBLE = "ansible"
    PROMETHEUS = "prometheus"
    SSH = "ssh"


# These have every row, with its status; the others have what resolves.
ALL_ROWS: Final = frozenset({ExportFormat.CSV, ExportFormat.JSON})


@dataclass(frozen=True, slots=True)
class Export:
    """What a file says beside the rows."""

    installation: str
    at: Millis
    domain: Fqdn
    port: int | None

    def texts(
        self, output_format: ExportFormat, store: InventoryStore, groups: StoredGroups, left_out: LeftOut
    ) -> Iterator[str]:
        """The text in a format, piece by piece. Names that it cannot hold are counted."""
        plain, at = Plain(left_out), time(self.at)
        match output_format:
            case ExportFormat.CSV:
                return spreadsheet(store.rows(BY_NAME))
            case ExportFormat.JSON:
                return document(store.rows(BY_NAME), self.installation, at)
            case ExportFormat.HOSTS:
                return hosts_file(plain.rows(store.rows(BY_NAME)), at)
            case ExportFormat.BIND:
                return zone_file(plain.rows(store.rows(BY_NAME)), self.domain, at, self.at)
            case _:
                hosts = hosts_of(plain.rows(store.rows(BY_INSTANCE)), store.ambiguous())
                return self._of_hosts(output_format, hosts, groups)

    def _of_hosts(self, output_format: ExportFormat, hosts: Iterator[Host], groups: StoredGroups) -> Iterator[str]:
        match output_format:
            case ExportFormat.ANSIBLE:
                return ansible(hosts, groups)
            case ExportFormat.PROMETHEUS:
                return prometheus(hosts, self.port)
            case _:
                return ssh_config(hosts, time(self.at))
