"""The metrics that the sources of the functions write: name, unit, dimensions, and who writes them."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator

from hub.runtime.model.health.attention import Health
from tests.support.reference.sources import NotFollowed, Place, calls, places, runs

# Name, unit and dimensions.
Key = tuple[str, str, tuple[str, ...]]
_OF_THE_FUNCTION = "metrics"


def counted() -> dict[Key, frozenset[str]]:
    """The functions of Lambda that write each metric."""
    found: defaultdict[Key, set[str]] = defaultdict(set)
    for place, receiver, arguments in _written():
        if len(arguments) < 2:
            raise NotFollowed(f"{place}: a metric without a name or unit by position")
        unit = ast.unparse(arguments[1]).removeprefix("MetricUnit.")
        for name in _names(place, arguments[0]):
            found[name, unit, _dimensions(place, receiver)] |= runs().get(place.body.name, frozenset())
    return {key: frozenset(functions) for key, functions in found.items()}


def _written() -> Iterator[tuple[Place, str, list[ast.expr]]]:
    """Where a metric is written: the variable that it is written with, and the arguments."""
    for place, call, receiver, attribute in calls():
        if attribute == "add_metric":
            yield place, receiver, call.args
    for place in places():
        for node in place.nodes():
            match node:
                case ast.withitem(
                    context_expr=ast.Call(func=ast.Name(id="single_metric")) as call, optional_vars=ast.Name()
                ):
                    assert isinstance(node.optional_vars, ast.Name)
                    yield place, node.optional_vars.id, call.args


def _dimensions(place: Place, receiver: str) -> tuple[str, ...]:
    """The dimensions of a metric: the service, and those that are added to the variable."""
    if receiver == _OF_THE_FUNCTION:
        return ("service",)
    added = [
        call.args[0]
        for where, call, name, attribute in calls()
        if (where, name, attribute) == (place, receiver, "add_dimension")
    ]
    return ("service", *(name for each in added for name in _names(place, each)))


def _names(place: Place, value: ast.expr) -> tuple[str, ...]:
    """The names of metrics that an expression may give."""
    match value:
        case ast.Constant(value=str(name)):
            return (name,)
        case ast.IfExp():
            return (*_names(place, value.body), *_names(place, value.orelse))
        case ast.Name(id=name) if name in _of_health(place):
            return tuple(Health().counts)
    raise NotFollowed(f"{place}: the metric {ast.unparse(value)}")


def _of_health(place: Place) -> set[str]:
    """The variables that take the names of the metrics of what needs attention, one after the other."""
    return {
        name.id
        for node in place.nodes()
        if isinstance(node, ast.For) and ast.unparse(node.iter) == "health.counts.items()"
        for name in ast.walk(node.target)
        if isinstance(name, ast.Name)
    }
