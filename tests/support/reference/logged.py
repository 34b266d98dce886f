"""The messages that the sources of the functions log: text, level, names of the fields, and who logs them."""

from __future__ import annotations

import ast
from collections import defaultdict
from itertools import product

from tests.support.reference.sources import NotFollowed, Place, calls, constants, places, runs

LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}
# Text, level and names of the fields.
Key = tuple[str, str, frozenset[str]]
_Fields = frozenset[str]


def logged() -> dict[Key, frozenset[str]]:
    """The functions of Lambda that log each message."""
    found: defaultdict[Key, set[str]] = defaultdict(set)
    for place, call, receiver, level in calls():
        if receiver != "logger":
            continue
        if level not in LEVELS or len(call.args) != 1 or {each.arg for each in call.keywords} - {"extra"}:
            raise NotFollowed(f"{place}: logger.{level} with other arguments than a message and extra")
        variants = fields(place, call.keywords[0].value) if call.keywords else {frozenset[str]()}
        for names in variants:
            found[_text(place, call.args[0]), level, names] |= runs().get(place.body.name, frozenset())
    return {key: frozenset(functions) for key, functions in found.items()}


def fields(place: Place, value: ast.expr) -> set[_Fields]:
    """The names of the fields of a dict, for each way in which it may be made."""
    match value:
        case ast.Dict():
            return _of_dict(place, value)
        case ast.BinOp(op=ast.BitOr()):
            return {left | right for left, right in product(fields(place, value.left), fields(place, value.right))}
        case ast.IfExp():
            return fields(place, value.body) | fields(place, value.orelse)
        case ast.Name():
            return _of_name(place, value.id)
    raise NotFollowed(f"{place}: the fields in {ast.unparse(value)}")


def _of_dict(place: Place, value: ast.Dict) -> set[_Fields]:
    variants = {frozenset[str]()}
    for key, part in zip(value.keys, value.values, strict=True):
        match key:
            case None:
                added = fields(place, part)
            case ast.Constant(value=str(name)):
                added = {frozenset({name})}
            case _:
                raise NotFollowed(f"{place}: a field with the name {ast.unparse(key)}")
        variants = {before | more for before, more in product(variants, added)}
    return variants


def _of_name(place: Place, name: str) -> set[_Fields]:
    """The fields of a variable: those that are assigned to it, or that callers pass as the parameter."""
    found: set[_Fields] = set()
    for node in place.nodes():
        match node:
            case ast.Assign(targets=[ast.Name(id=target)], value=value) if target == name:
                found |= fields(place, value)
            case ast.AnnAssign(target=ast.Name(id=target), value=ast.expr() as value) if target == name:
                found |= fields(place, value)
            case ast.AugAssign(target=ast.Name(id=target)) if target == name:
                raise NotFollowed(f"{place}: {name} is changed in steps")
            case ast.Subscript(value=ast.Name(id=target), ctx=ast.Store()) if target == name:
                raise NotFollowed(f"{place}: {name} is changed in steps")
    parameters = [argument.arg for argument in place.body.args.args]
    if not found and name in parameters:
        return _passed(place, parameters.index(name))
    if not found:
        raise NotFollowed(f"{place}: the fields in {name}")
    return found


def _passed(place: Place, position: int) -> set[_Fields]:
    """The fields that callers in the same module pass at this position."""
    found: set[_Fields] = set()
    for caller in places():
        for node in caller.nodes() if caller.module == place.module else ():
            match node:
                case ast.Call(func=ast.Name(id=called), args=arguments) if called == place.body.name:
                    found |= fields(caller, arguments[position])
    return found


def _text(place: Place, value: ast.expr) -> str:
    match value:
        case ast.Constant(value=str(text)):
            return text
        case ast.Name(id=name) if name in constants():
            return constants()[name]
    raise NotFollowed(f"{place}: the message {ast.unparse(value)}")
