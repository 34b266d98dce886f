"""Instances as targets for Prometheus's discovery by files (`file_sd_configs`). Pure.

The format is in https://prometheus.io/docs/prometheus/latest/configuration/configuration/#file_sd_config. Labels begin
with `__meta_`, so that they last until relabeling. As in Prometheus's own discoveries, the label of a tag has an
underscore for every character that a label may not have, and a list has commas at both ends, so that `,web.corp,` fits
exactly one.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from orgdns.cli.reports.inventory.hosts import Host

PREFIX: Final = "__meta_orgdns_"
_NOT_IN_A_LABEL: Final = re.compile(r"[^a-zA-Z0-9_]")


def prometheus(hosts: Iterable[Host], port: int | None) -> Iterator[str]:
    """The pieces of a JSON list: a target for each instance, its address with the port, if there is one."""
    yield "["
    for number, host in enumerate(hosts):
        target = {"targets": [_target(host.address, port)], "labels": _labels(host)}
        yield f"{',' if number else ''}\n{json.dumps(target)}"
    yield "\n]\n"


def _target(address: str, port: int | None) -> str:
    if port is None:
        return address
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _labels(host: Host) -> dict[str, str]:
    facts = host.facts
    labels = {
        "name": host.name,
        "names": _list(host.names),
        "zones": _list(host.zones),
        "instance_id": host.ref.id,
        "account": host.ref.account,
        "region": host.ref.region,
    }
    if facts:
        labels |= {
            "account_label": facts.label,
            "units": _list(facts.units),
            "az": facts.az,
            "vpcs": _list(facts.vpcs),
            "addresses": _list(facts.addresses),
            "state": facts.state,
        }
        for key, value in facts.tags:
            # Of two tags that give one label, the first one counts: tags are sorted.
            labels.setdefault(f"tag_{_NOT_IN_A_LABEL.sub('_', key)}", value)
    return {f"{PREFIX}{name}": value for name, value in labels.items()}


def _list(values: Iterable[str]) -> str:
    joined = ",".join(values)
    return f",{joined}," if joined else ""
