"""Instances as blocks of an ssh configuration (ssh_config(5)). Pure.

A block is for the names that lead to the instance alone. The key of the host is remembered by the id of the instance:
an address that passes to another instance gives no warning, and no wrong trust.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from orgdns.cli.reports.inventory.hosts import Host


def ssh_config(hosts: Iterable[Host], exported_at: str) -> Iterator[str]:
    """The lines. Every name and address is plain, so nothing needs quotes."""
    yield f"# Instances that orgdns publishes names for, as of {exported_at}\n"
    for host in hosts:
        yield f"\nHost {' '.join((*host.own, host.ref.id))}\n"
        yield f"    HostName {host.address}\n    HostKeyAlias {host.ref.id}\n"
