"""The sources of the functions, and which function of Lambda runs which function of Python."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from tests.support.build import ROOT

RUNTIME = ROOT / "hub" / "runtime"
HANDLERS = "handlers.py"
# The modules of the entry points.
_ENTRIES = (HANDLERS, "historian.py", "daily/reporter.py")
# What calls what is followed in the entry points and in what they report with.
_FOLLOWED = (*_ENTRIES, "telemetry/")


class NotFollowed(Exception):
    """A field, message or metric is written in a way that this module does not follow. The message says where."""


@dataclass(frozen=True)
class Place:
    """A function of Python in a module."""

    module: str
    body: ast.FunctionDef

    def __str__(self) -> str:
        return f"hub/runtime/{self.module}: {self.body.name}"

    def nodes(self) -> Iterator[ast.AST]:
        """Everything in the function."""
        return ast.walk(self.body)


@cache
def modules() -> dict[str, ast.Module]:
    """The modules that travel to Lambda, without those of the command, which write neither logs nor metrics."""
    daily = ROOT / "orgdns"
    places = [(path, RUNTIME) for path in sorted(RUNTIME.rglob("*.py"))]
    places += [(path, daily) for path in sorted((daily / "daily").rglob("*.py"))]
    return {path.relative_to(root).as_posix(): ast.parse(path.read_text(encoding="utf-8")) for path, root in places}


@cache
def places() -> tuple[Place, ...]:
    """The functions and methods of all modules."""
    return tuple(
        Place(name, node)
        for name, tree in modules().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
    )


@cache
def constants() -> dict[str, str]:
    """The texts that modules define at the top, by their names."""
    return {
        node.target.id: node.value.value
        for tree in modules().values()
        for node in tree.body
        if isinstance(node, ast.AnnAssign)
        and isinstance(node.target, ast.Name)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    }


def calls() -> Iterator[tuple[Place, ast.Call, str, str]]:
    """Every call of an attribute of a name: where, the call, the name and the attribute."""
    for place in places():
        for node in place.nodes():
            match node:
                case ast.Call(func=ast.Attribute(value=ast.Name(id=receiver), attr=attribute)):
                    yield place, node, receiver, attribute


def calls_outside_functions() -> int:
    """How many calls on `logger` or `metrics` are in no function, so that `calls` does not have them."""
    inside = {id(call) for _, call, _, _ in calls()}
    return sum(
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id in {"logger", "metrics"}
        and id(node) not in inside
        for tree in modules().values()
        for node in ast.walk(tree)
    )


@cache
def runs() -> dict[str, frozenset[str]]:
    """The functions of Lambda that may run a function of Python, by the latter's name."""
    by_name: defaultdict[str, list[Place]] = defaultdict(list)
    for place in places():
        if place.module.startswith(_FOLLOWED):
            by_name[place.body.name].append(place)
    bodies = (node for module in _ENTRIES for node in modules()[module].body)
    entries = [node for node in bodies if isinstance(node, ast.FunctionDef) and node.decorator_list]
    found: defaultdict[str, set[str]] = defaultdict(set)
    for entry in entries:
        waiting = [entry.name]
        while waiting:
            name = waiting.pop()
            if entry.name in found[name]:
                continue
            found[name].add(entry.name)
            named = {node.id for place in by_name[name] for node in place.nodes() if isinstance(node, ast.Name)}
            waiting += sorted(named & by_name.keys())
    return {name: frozenset(of) for name, of in found.items() if of}
