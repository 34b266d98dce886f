"""What the subcommands without AWS print into a pipe, and at terminals of several widths."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from tests.support.build import EXAMPLE, ROOT
from tests.support.cli.command import OFFLINE, Command
from tests.support.cli.pseudo_terminal import at_terminal, plain

NARROW = 46
IDS = re.compile(r"\b(?:i|vpc|subnet)-[0-9a-f]{17}\b|\b[0-9]{12}\b")
FAILING = 'cases:\n- name: wrong\n  given: {account: "444444444444", tags: {Name: web}}\n  expect: nothing\n'
ANSWERS = (
    *("--organization", "o-a1b2c3d4e5", "--management-account", "111111111111", "--units", "ou-ab12-workload"),
    *("--hub-account", "222222222222", "--hub-region", "eu-west-1", "--network-account", "333333333333"),
    *("--zones", "corp.internal=Z0123456789ABC", "--no-input", "--force"),
)
CALLS: dict[str, tuple[tuple[str, ...], int]] = {
    "init": (("init", "new.yaml", *ANSWERS), 0),
    "validate": (("validate", "faulty.yaml"), 1),
    "try": (("try", "orgdns.yaml", "--account", "444444444444", "--tag", "Name=admin"), 0),
    "test": (("test", "orgdns.yaml", "cases.yaml"), 2),
    "build": (("build", "orgdns.yaml"), 0),
}


@pytest.fixture(scope="module")
def command(tmp_path_factory: pytest.TempPathFactory) -> Command:
    """The command in a folder with a configuration, a faulty one, and a case that fails; there is no AWS."""
    folder = tmp_path_factory.mktemp("offline")
    text = EXAMPLE.read_text()
    (folder / "orgdns.yaml").write_text(text)
    (folder / "faulty.yaml").write_text(text.replace('"222222222222"', '"2"').replace("us-east-1]", "moon]"))
    (folder / "cases.yaml").write_text(FAILING)
    return Command({"PATH": os.environ["PATH"], "HOME": str(folder)}, folder)


def test_every_subcommand_is_tried() -> None:
    """A new subcommand without AWS needs a call here."""
    assert {arguments[0] for arguments, _ in CALLS.values()} == OFFLINE
    assert (ROOT / "orgdns.example.cases.yaml").is_file()


@pytest.mark.parametrize("name", CALLS)
def test_output_fits_a_terminal_and_keeps_its_words(command: Command, name: str) -> None:
    """A terminal shows in its width what a pipe gets in whole lines, and no id is in two lines."""
    arguments, code = CALLS[name]
    piped = command(*arguments, code=code).stdout
    shown = plain(at_terminal(command, *arguments, columns=NARROW, code=code))
    assert max(map(len, shown.splitlines())) <= NARROW
    assert set(IDS.findall(piped)) <= set(IDS.findall(shown))
    marks = re.compile(r"[;:\s]")
    assert sorted(marks.sub("", piped)) == sorted(marks.sub("", shown))


def test_files_of_the_folder_are_the_operators(command: Command) -> None:
    """The commands write where they are told to, and nowhere else."""
    written = {path.name for path in Path(command.folder).iterdir()}
    assert written <= {"orgdns.yaml", "faulty.yaml", "cases.yaml", "new.yaml", "build"}
