"""Simulated organizations that are built once for all test modules that begin with the same one.

A process is forked that builds the organization and keeps it as it is. For each module it forks another one, which has
the organization, runs the module's tests, and ends. So each module begins with an organization of its own, without the
seconds that building it takes. The process of pytest itself has none, and reports what the others find.

That is so for fixtures `made` in a `conftest.py`. A module with a fixture `made` of its own runs without this.
"""

from __future__ import annotations

import atexit
import gc
import multiprocessing
import os
import sys
import traceback
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any, Final

import pytest
from _pytest.runner import runtestprotocol

from tests.support.running import forked

# The organization, and what it is made of.
FIXTURES: Final = ("clock", "shards", "made")
# A kept organization takes some hundred megabytes.
_MOST_KEPT: Final = 2
_BEGINNING: Final = "a module begins"
# An internal of pytest.
Pytest = Any
# The functions of the three fixtures.
Kind = tuple[Callable[..., Any], ...]


@dataclass(slots=True)
class Keepers:
    """The processes that keep organizations, the one used last at the end."""

    session: pytest.Session
    _kept: dict[Kind, _Keeper] = field(default_factory=dict)

    def run(self, item: pytest.Item, following: pytest.Item | None) -> bool:
        """Run a test where its organization is kept, and report it; false if none is kept for it."""
        kind = _kind(item)
        if kind is None or sys.platform != "linux" or item.config.getoption("usepdb"):
            return False
        keeper = self._kept.pop(kind, None) or _Keeper.started(self.session, kind, self._kept.values())
        self._kept[kind] = keeper
        for old in list(self._kept)[:-_MOST_KEPT]:
            self._kept.pop(old).end()
        item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        last = following is None or _module(following) is not _module(item)
        for report in keeper.reports(item, None if last else following):
            item.ihook.pytest_runtest_logreport(report=report)
        item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        # What tests in this process left for the next one.
        session: Pytest = self.session
        session._setupstate.teardown_exact(following)
        return True

    def end(self) -> None:
        """End the processes."""
        while self._kept:
            self._kept.popitem()[1].end()


@dataclass(slots=True)
class _Keeper:
    process: int
    connection: Connection
    # Whether a module's process is there.
    runs: bool = False

    @classmethod
    def started(cls, session: pytest.Session, kind: Kind, others: Iterable[_Keeper]) -> _Keeper:
        # They forget what is registered to happen at the end of this one. So these folders must exist.
        temporary: Pytest = session.config
        temporary._tmp_path_factory.getbasetemp()
        forked.start()
        ours, its = multiprocessing.Pipe()
        process = _fork()
        if process == 0:
            # A connection ends once all processes that have its end close it.
            for each in (ours, *(other.connection for other in others)):
                each.close()
            _served(its, session, kind)
        its.close()
        return cls(process, ours)

    def reports(self, item: pytest.Item, following: pytest.Item | None) -> list[pytest.TestReport]:
        items = item.session.items
        if not self.runs:
            self.connection.send(_BEGINNING)
        self.connection.send((items.index(item), items.index(following) if following else None))
        answer = self.connection.recv()
        self.runs = following is not None and not isinstance(answer, str)
        if isinstance(answer, str):
            lost = {"nodeid": item.nodeid, "location": item.location, "keywords": {}, "outcome": "failed"}
            return [pytest.TestReport(**lost, longrepr=answer, when="call")]  # type: ignore[arg-type]  # one text for all
        return [pytest.TestReport._from_json(each) for each in answer]

    def end(self) -> None:
        self.connection.close()
        os.waitpid(self.process, 0)


def _kind(item: pytest.Item) -> Kind | None:
    """The fixtures of the organization that the first test of the item's module needs, if they are in `conftest.py`."""
    module: Pytest = _module(item)
    if module is None or not hasattr(item, "_fixtureinfo"):
        return None
    if not hasattr(module, "_kept_organization"):
        info: Pytest = item._fixtureinfo
        found = [each for name in FIXTURES for each in info.name2fixturedefs.get(name, ())[-1:]]
        shared = len(found) == len(FIXTURES) and not any(each.baseid.endswith(".py") for each in found)
        module._kept_organization = tuple(each.func for each in found) if shared else None
    kind: Kind | None = module._kept_organization
    return kind


def _module(item: pytest.Item) -> pytest.Module | None:
    return item.getparent(pytest.Module)


def _fork() -> int:
    with warnings.catch_warnings():
        # The threads of pytest-xdist do nothing that a forked process needs.
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


def _ended(code: int) -> None:
    """End a forked process: do what was registered to happen then, but not what its parent has to do."""
    atexit._run_exitfuncs()
    os._exit(code)


def _served(connection: Connection, session: pytest.Session, kind: Kind) -> None:
    """Build an organization, and fork a process for each module that asks for it, until the connection ends."""
    atexit._clear()
    # The clock of a test is a thread of the process of pytest. To stop it, another process would wait forever.
    session.config.pluginmanager.unregister(name="faulthandler")
    code = 1
    try:
        try:
            made = _Made.of(kind)
        except Exception:  # noqa: BLE001 - each test that needs the organization fails with this reason
            reason = traceback.format_exc()
            while message := connection.recv():
                if message != _BEGINNING:
                    connection.send(reason)
        gc.collect()
        gc.freeze()
        while connection.recv():
            child = _fork()
            if child == 0:
                atexit._clear()
                _run_module(connection, session, made)
                _ended(0)
            _, status = os.waitpid(child, 0)
            if status:
                connection.send(f"the process of the test module ended with {os.waitstatus_to_exitcode(status)}")
    except EOFError:
        code = 0
    finally:
        _ended(code)


@dataclass(frozen=True, slots=True)
class _Made:
    """The values of the fixtures, and what they do at the end of a module, by the fixture's function."""

    values: dict[Callable[..., Any], Any]
    endings: dict[Callable[..., Any], Iterator[Any]]

    @classmethod
    def of(cls, kind: Kind) -> _Made:
        made, by_name = cls({}, {}), dict[str, Any]()
        for name, function in zip(FIXTURES, kind, strict=True):
            arguments = {each: by_name[each] for each in function.__code__.co_varnames[: function.__code__.co_argcount]}
            value = function(**arguments)
            if isinstance(value, Iterator):
                made.endings[function], value = value, next(value)
            by_name[name] = made.values[function] = value
        return made

    def fixture(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """What stands for the fixture's function: it has its value already, and ends as the function does."""

        def fixture(**_arguments: object) -> Iterator[Any]:
            yield self.values[function]
            next(self.endings.get(function, iter(())), None)

        return fixture


def _run_module(connection: Connection, session: pytest.Session, made: _Made) -> None:
    """Run tests until the last one of the module."""
    state: Pytest = session
    # Its parents are set up for this process.
    state._setupstate.stack.clear()
    following: int | None = -1
    while following is not None:
        number, following = connection.recv()
        item: Pytest = session.items[number]
        defined: Mapping[str, Any] = item._fixtureinfo.name2fixturedefs
        for name in FIXTURES:
            for each in defined.get(name, ())[-1:]:
                if each.func in made.values:
                    each.func = made.fixture(each.func)
        next_item = None if following is None else session.items[following]
        reports = runtestprotocol(item, log=False, nextitem=next_item)
        connection.send([report._to_json() for report in reports])
