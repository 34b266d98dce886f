"""The files of `orgdns export`, read by the tools that they are for.

A tool that is missing skips its tests: on Debian, the packages bind9-utils, ansible-core, prometheus and openssh-client
have them.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from hub.runtime.model.names import Millis
from orgdns.cli.render.export.ansible import ansible
from orgdns.cli.render.export.prometheus import PREFIX, prometheus
from orgdns.cli.render.export.ssh_config import ssh_config
from orgdns.cli.render.export.zone_file import zone_file
from orgdns.cli.reports.inventory.hosts import Plain, hosts_of
from orgdns.cli.sources.inventory.groups import StoredGroups
from tests.support.build import CORP, ref
from tests.support.cli.inventory import HOSTILE, row

NOW = "2026-11-28T03:14:07.000Z"
TAGS = {"Name": "web", "Role": "data base", **{f"t{number}": text for number, text in enumerate(HOSTILE)}}
TAGS |= dict.fromkeys(HOSTILE, "odd key")
ROWS = (
    row(1, tags=TAGS),
    row(1, record_type="AAAA", values=("fd00::1",), tags=TAGS),
    row(1, name="all.corp.internal.", holders=2, tags=TAGS),
    row(2, name="all.corp.internal.", values=("10.0.0.2",), holders=2),
    row(2, name="1.0.0.10.corp.internal.", record_type="PTR", values=("web.corp.internal.",)),
    row(3, name="evil;$INCLUDE.corp.internal."),
)
HOSTS = tuple(hosts_of(Plain().rows(ROWS)))


def tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def ran(*command: str, **environment: str) -> str:
    end = subprocess.run(  # noqa: S603 - a tool with our own file
        command, capture_output=True, text=True, timeout=120, check=False, env=environment or None
    )
    assert end.returncode == 0, (end.stdout, end.stderr)
    return end.stdout


def written(path: Path, texts: Iterable[str]) -> str:
    path.write_text("".join(texts), encoding="utf-8")
    return str(path)


def test_named_loads_the_zone(tmp_path: Path) -> None:
    """BIND reads every record set, and prints it as Route 53 has it."""
    checker = tool("named-checkzone")
    zone = written(tmp_path / "corp.zone", zone_file(Plain().rows(ROWS), CORP, NOW, Millis(1_700_000_000_000)))
    said = ran(checker, "-D", "-q", "corp.internal", zone)
    read = {tuple(line.split()) for line in said.splitlines() if not line.startswith(";")}
    assert {each for each in read if each[3] in {"A", "AAAA", "PTR"}} == {
        ("web.corp.internal.", "60", "IN", "A", "10.0.0.1"),
        ("web.corp.internal.", "60", "IN", "AAAA", "fd00::1"),
        ("all.corp.internal.", "60", "IN", "A", "10.0.0.1"),
        ("all.corp.internal.", "60", "IN", "A", "10.0.0.2"),
        ("1.0.0.10.corp.internal.", "60", "IN", "PTR", "web.corp.internal."),
    }
    assert "loaded serial 1700000000" in ran(checker, "corp.internal", zone)


def test_ssh_connects_to_the_address(tmp_path: Path) -> None:
    """By the name or the id, with the key of the instance."""
    ssh = tool("ssh")
    config = written(tmp_path / "config", ssh_config(HOSTS, NOW))
    for name in ("web.corp.internal", ref(1).id):
        said = ran(ssh, "-G", "-F", config, name).splitlines()
        assert {"hostname 10.0.0.1", f"hostkeyalias {ref(1).id}"} <= set(said)
    assert "hostname all.corp.internal" in ran(ssh, "-G", "-F", config, "all.corp.internal").splitlines()


def test_prometheus_discovers_every_instance(tmp_path: Path) -> None:
    """With the labels as they are in the file."""
    promtool = tool("promtool")
    targets = written(tmp_path / "orgdns.json", prometheus(HOSTS, 9100))
    config = tmp_path / "prometheus.yml"
    config.write_text(
        json.dumps({"scrape_configs": [{"job_name": "nodes", "file_sd_configs": [{"files": [targets]}]}]})
    )
    ran(promtool, "check", "config", str(config))
    said = ran(promtool, "check", "service-discovery", "--timeout=5s", str(config), "nodes")
    found: list[dict[str, Any]] = json.loads(said)
    labels = {each["discoveredLabels"]["__address__"]: each["discoveredLabels"] for each in found}
    assert labels.keys() == {"10.0.0.1:9100", "10.0.0.2:9100"}
    first = labels["10.0.0.1:9100"]
    assert first[f"{PREFIX}tag_Role"] == "data base"
    assert first[f"{PREFIX}names"] == ",all.corp.internal,web.corp.internal,"
    assert {first[f"{PREFIX}tag_t{number}"] for number in range(len(HOSTILE))} == set(HOSTILE)


@pytest.fixture
def inventory(tmp_path: Path) -> str:
    """A script that prints the inventory, as `orgdns export` would."""
    groups = StoredGroups()
    printed = written(tmp_path / "inventory.json", ansible(HOSTS, groups))
    groups.close()
    script = tmp_path / "inventory.sh"
    script.write_text(f"#!/bin/sh\nexec cat {printed}\n")
    script.chmod(0o700)
    return str(script)


def test_ansible_reads_the_inventory(inventory: str, tmp_path: Path) -> None:
    """Hosts, their variables and the groups of their tags."""
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "LC_ALL": "C.UTF-8"}
    said = json.loads(ran(tool("ansible-inventory"), "-i", inventory, "--list", **environment))
    variables = said["_meta"]["hostvars"]
    assert variables["web.corp.internal"]["ansible_host"] == "10.0.0.1"
    assert variables[ref(2).id]["ansible_host"] == "10.0.0.2"
    assert said["tag_Role_data_base"]["hosts"] == ["web.corp.internal"]
    assert set(said["account_444444444444"]["hosts"]) == {"web.corp.internal", ref(2).id}


def test_ansible_evaluates_no_tag(inventory: str, tmp_path: Path) -> None:
    """A template in a tag is text, also where a playbook prints it."""
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "LC_ALL": "C.UTF-8"}
    (template,) = [text for text in HOSTILE if "lookup" in text]
    arguments = ("-c", "local", "-m", "debug", "-a", "var=orgdns_tags")
    said = ran(tool("ansible"), "web.corp.internal", "-i", inventory, *arguments, **environment)
    assert json.dumps(template)[1:-1] in said
    assert not Path("/tmp/owned").exists()  # noqa: S108 - the file that the template would make
