"""The emulator's DynamoDB, with quicker ways to the same results: its calls are most of what the sandbox does.

What depends on the text of an expression only is computed once. The rest takes shorter ways.
"""

from __future__ import annotations

import base64
from collections import deque
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from moto.core.serialize import BaseJSONSerializer
from moto.dynamodb.comparisons import ConditionExpressionParser
from moto.dynamodb.exceptions import ItemSizeTooLarge
from moto.dynamodb.models.dynamo_type import DynamoType, Item, LimitedSizeDict
from moto.dynamodb.parsing.ast_nodes import DepthFirstTraverser, Node
from moto.dynamodb.parsing.expressions import UpdateExpressionParser
from moto.dynamodb.parsing.validators import ActionCountValidator

from sandbox.aws.bridge import replaced

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# A serializer, a shape or a node of the emulator, which ships no types.
Moto = Any

# The shape of an attribute of an item in botocore's model of DynamoDB.
ATTRIBUTE: Final = "AttributeValue"
# The emulator's own limit, a little above DynamoDB's.
_MOST_BYTES: Final = 405_000
_SETS: Final = frozenset({"SS", "NS", "BS"})
_SERIALIZE_STRUCTURE: Final = BaseJSONSerializer._serialize_type_structure
_LEX: Final = ConditionExpressionParser._lex_condition_expression
_SIZE: Final = DynamoType.size
_VERIFY_ACTION_COUNTS: Final = ActionCountValidator.verify_action_counts


def _serialize_structure(serializer: Moto, serialized: Moto, value: Moto, shape: Moto, key: str) -> None:
    """Serialize an attribute of an item as it is: the emulator's own looks for each of its ten possible types."""
    if shape.name == ATTRIBUTE and key and isinstance(value, dict):
        serialized[shape.serialization.get("name", key)] = attribute_on_the_wire(value)
    else:
        _SERIALIZE_STRUCTURE(serializer, serialized, value, shape, key)


def attribute_on_the_wire(attribute: dict[str, Any]) -> dict[str, Any]:
    """An attribute, with its bytes in Base64 and its numbers as texts."""
    return {kind: _value_on_the_wire(kind, value) for kind, value in attribute.items()}


def _value_on_the_wire(kind: str, value: Any) -> Any:  # noqa: ANN401 - a value of any type
    match kind:
        case "M":
            return {name: attribute_on_the_wire(inner) for name, inner in value.items()}
        case "L":
            return [attribute_on_the_wire(inner) for inner in value]
        case "SS" | "NS" | "BS":
            return [_value_on_the_wire(kind[0], inner) for inner in value]
        case "B":
            return base64.b64encode(value.encode() if isinstance(value, str) else value).decode()
        case "S" | "N":
            return str(value)
    return value


def _size(attribute: Moto) -> int:
    """The size of an attribute. The emulator's own copies each map with all that is in it, once for each level."""
    kind, value = attribute.type, attribute.value
    if kind == "S" and isinstance(value, str):
        return len(value) if value.isascii() else len(value.encode())
    if kind == "M":
        return _size_of_all(value)
    if kind == "L":
        return sum(map(_size, value))
    return int(_SIZE(attribute))


def _size_of_all(attributes: dict[str, Moto]) -> int:
    """The size of named attributes."""
    return sum([len(name.encode()) + _size(attribute) for name, attribute in attributes.items()])


def _size_of_item(item: Moto) -> int:
    return _size_of_all(item.attrs)


def _begin(item: Moto, hash_key: Moto, range_key: Moto, attrs: dict[str, Any]) -> None:
    """Begin an item. The emulator's own checks its size again with each attribute."""
    item.hash_key, item.range_key = hash_key, range_key
    item.attrs = LimitedSizeDict.__new__(LimitedSizeDict)
    dict.update(item.attrs, {name: DynamoType(attribute) for name, attribute in attrs.items()})
    if item.size() > _MOST_BYTES:
        raise ItemSizeTooLarge


def _copy(attribute: Moto, _memo: object = None) -> Moto:
    """A copy of an attribute. The emulator's own remembers each part, although none is in two places."""
    made: Moto = DynamoType.__new__(DynamoType)
    kind, value = attribute.type, attribute.value
    made.type = kind
    if kind == "M":
        made.value = {name: _copy(inner) for name, inner in value.items()}
    elif kind == "L":
        made.value = [_copy(inner) for inner in value]
    else:
        made.value = [*value] if kind in _SETS else value
    return made


def _copy_of_item(item: Moto, _memo: object = None) -> Moto:
    made: Moto = Item.__new__(Item)
    made.hash_key = _copy(item.hash_key)
    made.range_key = item.range_key and _copy(item.range_key)
    made.attrs = LimitedSizeDict.__new__(LimitedSizeDict)
    # Past the check of the size, as the emulator does.
    dict.update(made.attrs, {name: _copy(attribute) for name, attribute in item.attrs.items()})
    return made


def _verify_action_counts(validator: Moto, node: Moto) -> Moto:
    """Count the clauses of an update from its root, once. The emulator's own counts them again from each clause."""
    return node if node.parent else _VERIFY_ACTION_COUNTS(validator, node)


def _traverse(traverser: Moto, node: Moto) -> Moto:
    """Traverse nodes as the emulator does, but look once for each of their classes for what processes them."""
    processors = traverser._processing_map()

    by_class: dict[type, Callable[[Moto], Moto] | None] = {}

    def processor(kind: type) -> Callable[[Moto], Moto] | None:
        if kind not in by_class:
            by_class[kind] = next((found for known, found in processors.items() if issubclass(kind, known)), None)
        return by_class[kind]

    def traversed(node: Moto, position: int) -> Moto:
        if not isinstance(node, Node):
            return node
        parent = node.parent
        for number, child in enumerate(node.children or ()):
            traverser.pre_processing_of_child(node, number)
            traversed(child, number)
        if process := processor(type(node)):
            node = process(node)
            node.parent = parent
            if parent:
                parent.children[position] = node
        return node

    return traversed(node, -1)


@contextmanager
def quick_dynamodb() -> Iterator[None]:
    """Let the emulator's DynamoDB take these ways while the context lasts."""
    # The emulator changes only copies of what it parsed.
    parsed = lru_cache(maxsize=4096)(UpdateExpressionParser.make)

    @lru_cache(maxsize=4096)
    def lexed(expression: str) -> tuple[Moto, ...]:
        return tuple(_LEX(ConditionExpressionParser(expression, None, None)))

    def lex(parser: Moto) -> deque[Moto]:
        return deque(lexed(parser.condition_expression))

    with ExitStack() as stack:
        enter = stack.enter_context
        enter(replaced(BaseJSONSerializer, _serialize_type_structure=_serialize_structure))
        enter(replaced(DynamoType, size=_size, __deepcopy__=_copy))
        enter(replaced(Item, __init__=_begin, size=_size_of_item, __deepcopy__=_copy_of_item))
        enter(replaced(ActionCountValidator, verify_action_counts=_verify_action_counts))
        enter(replaced(DepthFirstTraverser, traverse=_traverse))
        enter(replaced(UpdateExpressionParser, make=staticmethod(parsed)))
        enter(replaced(ConditionExpressionParser, _lex_condition_expression=lex))
        yield
