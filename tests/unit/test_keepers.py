"""Simulated organizations that test modules share: each has a process, which ends once others are used."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.build import ROOT

HOOKS = """
import pytest
from tests.support.running.held import Keepers

KEEPERS = pytest.StashKey()

def pytest_sessionstart(session):
    session.config.stash[KEEPERS] = Keepers(session)

def pytest_sessionfinish(session):
    session.config.stash[KEEPERS].end()

@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item, nextitem):
    return item.config.stash[KEEPERS].run(item, nextitem) or None
"""
FIXTURES = """
import os
import pytest

@pytest.fixture(scope="module")
def clock():
    return 0

@pytest.fixture(scope="module")
def shards():
    return 1

@pytest.fixture(scope="module")
def made(clock, shards):
    yield [os.getpid()]
"""
MODULE = """
import os

def test_it_is_the_modules_own(made):
    assert made.pop() == os.getppid()

def test_the_next_test_has_what_the_first_left(made):
    assert made == []
"""
# pytest stops the clock of a test that fails.
FAILING = """
def test_a_failure_is_reported(made):
    assert not made, "this is why"
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere, each module builds its own")
def test_processes_end_once_others_are_used(tmp_path: Path) -> None:
    """More organizations than are kept: those that are no longer used end, and the tests go on."""
    (tmp_path / "conftest.py").write_text(HOOKS)
    for folder in "abcd":
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "conftest.py").write_text(FIXTURES)
        for module in "ef":
            (tmp_path / folder / f"test_{folder}{module}.py").write_text(MODULE)
    (tmp_path / "a" / "test_failing.py").write_text(FAILING)
    limited = ("--override-ini", "faulthandler_timeout=60")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *limited, str(tmp_path)]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTEST_ADDOPTS": ""}
    for name in [name for name in environment if name.startswith("PYTEST_XDIST")]:
        del environment[name]
    run = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)  # noqa: PLW1510, S603 - pytest says what failed
    assert "1 failed, 16 passed" in run.stdout, run.stdout
    assert "this is why" in run.stdout
