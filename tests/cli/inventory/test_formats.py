"""The formats of `orgdns export`, whatever tags and names hold: each is read back by its own rules."""

from __future__ import annotations

import csv
import json
import re
from io import StringIO
from typing import Any

import pytest
from hypothesis import given
from rich.console import Console

from orgdns.cli.render.export.ansible import UNSAFE, ansible
from orgdns.cli.render.export.document import SCHEMA, document
from orgdns.cli.render.export.hosts_file import hosts_file
from orgdns.cli.render.export.prometheus import PREFIX, prometheus
from orgdns.cli.render.export.spreadsheet import safe, spreadsheet
from orgdns.cli.render.export.ssh_config import ssh_config
from orgdns.cli.render.export.zone_file import zone_file
from orgdns.cli.render.inventory.table import show_rows
from orgdns.cli.render.text import visible
from orgdns.cli.reports.inventory.columns import COLUMNS, SHOWN, fields_of, text_of
from orgdns.cli.reports.inventory.hosts import Host, LeftOut, Plain, hosts_of
from orgdns.cli.reports.inventory.row import InventoryRow
from orgdns.cli.sources.inventory.groups import StoredGroups
from tests.support.build import CORP, ref
from tests.support.cli.inventory import HOSTILE, hostile_rows, row, texts

Rows = list[InventoryRow]
NOW = "2026-11-28T03:14:07.000Z"


def hosts(rows: Rows) -> list[Host]:
    ordered = sorted(Plain().rows(rows), key=lambda each: str(each.name.instance))
    leads_to: dict[str, set[object]] = {}
    for each in rows:
        leads_to.setdefault(each.name.fqdn, set()).add(each.name.instance)
    return list(hosts_of(ordered, {name for name, refs in leads_to.items() if len(refs) > 1}))


@given(rows=hostile_rows)
def test_csv_has_a_line_for_each_row_and_no_formula(rows: Rows) -> None:
    """Every cell is what the row has, with escapes for control characters, and an apostrophe before a formula."""
    lines = "".join(spreadsheet(rows)).split("\r\n")
    assert len(lines) == len(rows) + 2
    assert not any(re.search(r"[\x00-\x1f\x7f]", line) for line in lines)
    read = list(csv.reader(StringIO("\r\n".join(lines), newline="")))
    assert read[0] == list(COLUMNS)
    for cells, each in zip(read[1:], rows, strict=True):
        for cell, column in zip(cells, COLUMNS, strict=True):
            assert cell.removeprefix("'") == visible(text_of(each, column)).plain.removeprefix("'")
            assert not cell.lstrip().startswith(("=", "+", "-", "@", "\uff1d"))


@given(text=texts)
def test_neutralized_cell_keeps_its_text(text: str) -> None:
    """What begins with an apostrophe gets another one, so that removing one gives the text back."""
    cell, shown = safe(text), visible(text).plain
    assert cell in {shown, f"'{shown}"}
    assert cell == shown or cell.removeprefix("'") == shown


@given(rows=hostile_rows)
def test_json_is_one_document_with_all_fields(rows: Rows) -> None:
    """It is ASCII, and gives back every value."""
    text = "".join(document(rows, "orgdns", NOW))
    assert text.isascii()
    read = json.loads(text)
    assert read == {"schema": SCHEMA, "installation": "orgdns", "exported_at": NOW, "names": list(map(fields_of, rows))}


@given(rows=hostile_rows)
def test_hosts_file_has_addresses_and_plain_names_alone(rows: Rows) -> None:
    """hosts(5): an address and a name on each line; what is hostile is left out and counted."""
    plain = Plain()
    lines = "".join(hosts_file(plain.rows(rows), NOW)).splitlines()[1:]
    read = [tuple(line.split()) for line in lines]
    kept = [each for each in rows if each.name.fqdn in {"web.corp.internal.", "db.corp.internal."}]
    kept = [each for each in kept if set(each.name.values) <= {"10.0.0.1"}]
    assert read == [(value, each.name.fqdn[:-1]) for each in kept for value in each.name.values]
    assert plain.left_out.number == len(rows) - len(kept)


@given(rows=hostile_rows)
def test_zone_file_has_nothing_but_record_sets(rows: Rows) -> None:
    """No line includes a file, ends early or goes on: each has an owner, a TTL, a class, a type and a value."""
    lines = "".join(zone_file(Plain().rows(rows), CORP, NOW, ref_time())).splitlines()
    records = [line for line in lines if not line.startswith((";", "$"))]
    assert [line for line in lines if line.startswith("$")] == ["$ORIGIN corp.internal.", "$TTL 60"]
    assert all(re.fullmatch(r"(web|db)\.corp\.internal\. 60 IN A 10\.0\.0\.1", line) for line in records[2:])


def ref_time() -> Any:  # noqa: ANN401 - milliseconds, as a plain number
    return 1_700_000_000_000


@given(rows=hostile_rows)
def test_prometheus_labels_are_labels(rows: Rows) -> None:
    """Names of labels have letters, digits and underscores; values are what the tags have."""
    found = json.loads("".join(prometheus(hosts(rows), 9100)))
    for target, host in zip(found, hosts(rows), strict=True):
        assert target["targets"] == ["10.0.0.1:9100"]
        assert all(re.fullmatch(f"{PREFIX}[a-zA-Z0-9_]+", label) for label in target["labels"])
        assert host.facts
        tags = {f"{PREFIX}tag_{re.sub('[^a-zA-Z0-9_]', '_', key)}" for key, _ in host.facts.tags}
        assert tags <= target["labels"].keys()
        assert all(isinstance(value, str) for value in target["labels"].values())


@given(rows=hostile_rows)
def test_ssh_blocks_have_plain_words(rows: Rows) -> None:
    """A block has three lines, and no tag is in any."""
    lines = "".join(ssh_config(hosts(rows), NOW)).splitlines()[1:]
    for line in filter(None, lines):
        assert re.fullmatch(r"(Host|    HostName|    HostKeyAlias)( [a-z0-9_.-]+)+", line)
    assert sum(line.startswith("Host ") for line in lines) == len(hosts(rows))


@given(rows=hostile_rows)
def test_ansible_marks_every_text_of_a_tag(rows: Rows) -> None:
    """Nothing that a tag says can be a template, and every host is in the groups of its tags."""
    groups = StoredGroups()
    found = json.loads("".join(ansible(hosts(rows), groups)))
    groups.close()
    variables = found.pop("_meta")["hostvars"]
    assert {host.name for host in hosts(rows)} == set(variables)
    assert all(re.fullmatch("[a-zA-Z_][a-zA-Z0-9_]*", group) for group in found)
    for host in hosts(rows):
        # The facts are those of the first row of the instance.
        assert host.facts
        tags = variables[host.name].pop("orgdns_tags")
        assert [(tag["key"][UNSAFE], tag["value"][UNSAFE]) for tag in tags] == list(host.facts.tags)
        assert not any(text in json.dumps(variables[host.name]) for text in ("{{", "lookup"))
        assert host.name in found["orgdns"]["hosts"]
        assert host.name in found["account_444444444444"]["hosts"]


@given(rows=hostile_rows)
def test_table_in_a_pipe_has_a_line_for_each_row(rows: Rows) -> None:
    """Columns are separated by tabs, of which there is none in a cell."""
    out = StringIO()
    columns = (*SHOWN, "tags", "tag:Name")
    number = show_rows(Console(file=out, soft_wrap=True, highlight=False, markup=False), rows, columns)
    lines = out.getvalue().split("\n")[:-1]
    assert number == len(rows) == max(len(lines) - 1, 0)
    assert all(len(line.split("\t")) == len(columns) for line in lines)
    assert all(character.isprintable() or character == "\t" for line in lines for character in line)


@pytest.mark.parametrize("width", [40, 80, 300])
def test_table_at_a_terminal_fits(width: int) -> None:
    """In aligned columns where there is room, or a name with the rest below."""
    out = StringIO()
    rows = [row(number, name=f"web{number}.corp.internal.", tags={"Name": HOSTILE[0]}) for number in range(1, 4)]
    show_rows(Console(file=out, width=width, highlight=False, markup=False), rows, SHOWN)
    lines = out.getvalue().splitlines()
    assert max(map(len, lines)) <= width
    assert (len(lines) == len(rows) + 1) is (width == 300)
    assert [line for line in lines if line.startswith("web2.corp.internal")]


def test_host_has_the_name_that_leads_to_it_alone() -> None:
    """A name for people goes before the id, a short one before a long one; a shared name is nobody's own."""
    rows = [
        row(1, name="all.corp.internal.", holders=2),
        row(1, name=f"{ref(1).id}.corp.internal."),
        row(1, name="web.eu-central-1.payments.corp.internal.", values=("10.0.0.1", "10.0.0.9")),
        row(1, name="web.eu-central-1.payments.corp.internal.", record_type="AAAA", values=("fd00::1",)),
        row(1, name="1.0.0.10.in-addr.arpa.", record_type="PTR", values=("web.corp.internal.",)),
        row(2, name="all.corp.internal.", holders=2, values=("10.0.0.2",)),
    ]
    first, second = hosts(rows)
    assert (first.name, first.address) == ("web.eu-central-1.payments.corp.internal", "10.0.0.1")
    assert first.own == (f"{ref(1).id}.corp.internal", first.name)
    assert first.names == ("all.corp.internal", *first.own)
    assert (second.name, second.address, second.own) == (ref(2).id, "10.0.0.2", ())


@pytest.mark.parametrize(
    "odd",
    [
        row(name="a b.corp.internal."),
        row(name="*.corp.internal."),
        row(values=("10.0.0.1", "ten")),
        row(values=("fd00::1",)),
        row(record_type="AAAA", values=("10.0.0.1",)),
        row(record_type="TXT", values=('"v=spf1"',)),
        row(name="1.0.0.10.in-addr.arpa.", record_type="PTR", values=("a;b.",)),
    ],
)
def test_what_a_format_cannot_hold_is_counted(odd: InventoryRow) -> None:
    """It is left out, and the command says how many there are."""
    left_out = LeftOut()
    assert list(Plain(left_out).rows([odd])) == []
    assert (left_out.number, left_out.first) == (1, odd.name.fqdn)
