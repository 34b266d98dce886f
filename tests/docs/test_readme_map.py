from __future__ import annotations

import re
from pathlib import PurePosixPath

from tests.docs.pages import page, section, tracked

_LINE = re.compile(r"^(\S+) {2,}(\S.*)$")
# Folders of tests that need no line of their own, as they mirror folders that have one.
MIRRORS = {"tests/unit": "hub/runtime", "tests/sandbox": "sandbox/aws"}


def mapped() -> dict[str, str]:
    """The lines of the README's map: what each path is for."""
    block = section(page("README.md"), "### Map of the repository").split("```")[1]
    found: dict[str, str] = {}
    for line in block.strip().splitlines():
        match = _LINE.fullmatch(line)
        assert match, line
        found[match[1]] = match[2]
    return found


def folders() -> set[str]:
    """Every tracked folder that has files of its own, and is not hidden."""
    found = {str(path.parent) for path in tracked()} - {"."}
    return {folder for folder in found if not folder.startswith(".")}


def mirrors(folder: str) -> bool:
    """Whether a folder of tests is named for the folder of code that it tests."""
    return any(
        folder.startswith(f"{tests}/") and folder.replace(tests, code, 1) in folders()
        for tests, code in MIRRORS.items()
    )


def test_each_folder_and_each_file_at_the_top_is_on_the_map() -> None:
    """A newcomer finds a line for each folder and for each file beside the README."""
    files = {str(path) for path in tracked() if path.parent == PurePosixPath()}
    wanted = {f"{folder}/" for folder in folders() if not mirrors(folder)} | files - {"README.md"}
    assert wanted - set(mapped()) == set()


def test_nothing_on_the_map_is_missing_from_the_tree() -> None:
    """No line speaks of a folder or file that no longer exists."""
    known = {f"{parent}/" for path in tracked() for parent in path.parents} | {str(path) for path in tracked()}
    assert set(mapped()) - known == set()
