"""Instances as a dynamic inventory of Ansible: the JSON that a script prints with `--list`. Pure.

https://docs.ansible.com/ansible/latest/dev_guide/developing_inventory.html. With `_meta`, Ansible does not call the
script for each host. Ansible evaluates templates in variables, and anyone who can tag an instance could run programs on
the controller with `{{ lookup('pipe', ...) }}`. So every text that comes from a tag is marked as unsafe, and is never
evaluated (https://docs.ansible.com/ansible/latest/playbook_guide/playbooks_advanced_syntax.html#unsafe-or-raw-strings).
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from orgdns.cli.reports.inventory.hosts import Host

UNSAFE: Final = "__ansible_unsafe"
_NOT_IN_A_GROUP: Final = re.compile(r"[^a-zA-Z0-9_]")


class Groups(Protocol):
    """The hosts of each group, which may be very many."""

    def add(self, group: str, host: str) -> None:
        """Put a host into a group."""
        ...

    def sorted(self) -> Iterator[tuple[str, Iterator[str]]]:
        """The groups, sorted, each with its hosts, sorted; the hosts of a group are read before the next group."""
        ...


def ansible(hosts: Iterable[Host], groups: Groups) -> Iterator[str]:
    """The pieces of the JSON object: the variables of every host, then the groups, which are filled meanwhile."""
    yield '{"_meta": {"hostvars": {'
    for number, host in enumerate(hosts):
        for group in groups_of(host):
            groups.add(group, host.name)
        yield f"{',' if number else ''}\n{json.dumps(host.name)}: {json.dumps(_variables(host))}"
    yield "\n}}"
    for group, members in groups.sorted():
        yield f',\n{json.dumps(group)}: {{"hosts": ['
        for number, member in enumerate(members):
            yield f"{',' if number else ''}{json.dumps(member)}"
        yield "]}"
    yield "\n}\n"


def groups_of(host: Host) -> set[str]:
    """The groups of a host: its account by id and label, region, zones, VPCs, state and tags."""
    facts = host.facts
    pairs = [("account", host.ref.account), ("region", host.ref.region), *(("zone", zone) for zone in host.zones)]
    if facts:
        pairs += [("label", facts.label)] if facts.label else []
        pairs += [("vpc", vpc) for vpc in facts.vpcs]
        pairs += [("state", facts.state)]
        pairs += [(f"tag_{key}", value) for key, value in facts.tags]
    return {"orgdns", *(_NOT_IN_A_GROUP.sub("_", f"{kind}_{value}") for kind, value in pairs)}


def _variables(host: Host) -> dict[str, Any]:
    facts = host.facts
    variables: dict[str, Any] = {
        "ansible_host": host.address,
        "orgdns_instance": host.ref.id,
        "orgdns_account": host.ref.account,
        "orgdns_region": host.ref.region,
        "orgdns_names": list(host.names),
        "orgdns_zones": list(host.zones),
    }
    if facts:
        variables |= {
            "orgdns_label": facts.label,
            "orgdns_units": list(facts.units),
            "orgdns_az": facts.az,
            "orgdns_vpcs": list(facts.vpcs),
            "orgdns_addresses": list(facts.addresses),
            "orgdns_state": facts.state,
            # A list, because a key is as hostile as a value, and only values can be marked.
            "orgdns_tags": [{"key": {UNSAFE: key}, "value": {UNSAFE: value}} for key, value in facts.tags],
        }
    return variables
