"""The shape of the tree: modules and folders stay small, and test modules do not import each other."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.support.build import ROOT

CODE = ("generate.py", "hub", "network", "orgdns", "sandbox", "spoke")
LINES, MODULES = 300, 12


def modules(*places: str) -> Iterator[Path]:
    for place in places:
        path = ROOT / place
        yield from [path] if path.is_file() else sorted(path.rglob("*.py"))


def imported(module: Path) -> Iterator[str]:
    """The names of the modules that a module imports, also inside functions."""
    for node in ast.walk(ast.parse(module.read_text())):
        match node:
            case ast.Import():
                yield from (alias.name for alias in node.names)
            case ast.ImportFrom():
                base = "." * node.level + (node.module or "")
                yield base
                yield from (f"{base}.{alias.name}" for alias in node.names)


def test_no_test_module_imports_another() -> None:
    """Shared builders, fixtures and helpers live in tests/support or in a conftest.py."""
    found = [
        (str(module.relative_to(ROOT)), name)
        for module in modules("tests")
        for name in imported(module)
        if name.rpartition(".")[2].startswith("test_") and name.partition(".")[0] in {"tests", ""}
    ]
    assert found == []


def test_modules_are_short() -> None:
    """A module of the product, the sandbox or the tests has at most 300 lines."""
    lengths = {
        str(module.relative_to(ROOT)): len(module.read_text().splitlines()) for module in modules(*CODE, "tests")
    }
    assert {module: lines for module, lines in lengths.items() if lines > LINES} == {}


def test_folders_are_small() -> None:
    """A folder holds at most a dozen modules of code, its __init__.py not counted."""
    folders = Counter(module.parent for module in modules(*CODE) if module.name != "__init__.py")
    assert {str(folder.relative_to(ROOT)): number for folder, number in folders.items() if number > MODULES} == {}


def test_folders_of_support_and_end_to_end_tests_are_small() -> None:
    """The same holds for the code that tests share, and for end-to-end tests."""
    folders = Counter(module.parent for module in modules("tests/support", "tests/e2e") if module.name != "__init__.py")
    assert {str(folder.relative_to(ROOT)): number for folder, number in folders.items() if number > MODULES} == {}
