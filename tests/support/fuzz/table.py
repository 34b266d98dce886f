"""A DynamoDB table in memory, as far as the runtime uses one. It keeps items as DynamoDB's API writes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hub.runtime import contract
from sandbox.aws.dynamodb.expressions import meets, updated

Item = dict[str, Any]
_TELL = "ReturnValuesOnConditionCheckFailure"


class ConditionFailed(Exception):
    """The condition of a write is not met. The answer has the item that is there, if the request asks for it."""

    def __init__(self, answer: Item) -> None:
        super().__init__()
        self.answer = answer


@dataclass
class MemoryTable:
    """The items of a table by their keys, and the ARN of its stream."""

    stream: str
    items: dict[tuple[str, str], Item] = field(default_factory=dict)

    def answer(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        handle: Callable[[Mapping[str, Any]], dict[str, Any]] = getattr(self, f"_{operation}")
        return handle(request)

    def _describe_table(self, _request: Mapping[str, Any]) -> dict[str, Any]:
        return {"Table": {"TableName": "ledger", "LatestStreamArn": self.stream}}

    def _get_item(self, request: Mapping[str, Any]) -> dict[str, Any]:
        item = self.items.get(_place(request["Key"]))
        return {"Item": item} if item else {}

    def _batch_get_item(self, request: Mapping[str, Any]) -> dict[str, Any]:
        ((name, asked),) = request["RequestItems"].items()
        found = [self.items.get(_place(key)) for key in asked["Keys"]]
        return {"Responses": {name: [item for item in found if item]}, "UnprocessedKeys": {}}

    def _query(self, request: Mapping[str, Any]) -> dict[str, Any]:
        return self._found(request, "KeyConditionExpression")

    def _scan(self, request: Mapping[str, Any]) -> dict[str, Any]:
        return self._found(request, "FilterExpression")

    def _found(self, request: Mapping[str, Any], condition: str) -> dict[str, Any]:
        items = self.items
        if condition == "KeyConditionExpression":
            # One of the values is the partition, which spares evaluating the condition for every item.
            texts = {value.get("S") for value in request["ExpressionAttributeValues"].values()}
            items = {place: item for place, item in items.items() if place[0] in texts}
        found = [item for _, item in sorted(items.items()) if _meets(request, condition, item)]
        return {"Items": found, "Count": len(found), "ScannedCount": len(self.items)}

    def _put_item(self, request: Mapping[str, Any]) -> dict[str, Any]:
        place = _place(request["Item"])
        self._check(request, place)
        self.items[place] = request["Item"]
        return {}

    def _batch_write_item(self, request: Mapping[str, Any]) -> dict[str, Any]:
        for writes in request["RequestItems"].values():
            for write in writes:
                item = write["PutRequest"]["Item"]
                self.items[_place(item)] = item
        return {"UnprocessedItems": {}}

    def _delete_item(self, request: Mapping[str, Any]) -> dict[str, Any]:
        place = _place(request["Key"])
        self._check(request, place)
        self.items.pop(place, None)
        return {}

    def _update_item(self, request: Mapping[str, Any]) -> dict[str, Any]:
        place = _place(request["Key"])
        self._check(request, place)
        item = updated(self.items.get(place, request["Key"]), request["UpdateExpression"], *_given(request))
        self.items[place] = item
        return {"Attributes": item} if request.get("ReturnValues", "NONE") != "NONE" else {}

    def _check(self, request: Mapping[str, Any], place: tuple[str, str]) -> None:
        item = self.items.get(place, {})
        if not _meets(request, "ConditionExpression", item):
            raise ConditionFailed({"Item": item} if item and _TELL in request else {})


def _place(key: Mapping[str, Any]) -> tuple[str, str]:
    return key[contract.PARTITION_KEY]["S"], key[contract.SORT_KEY]["S"]


def _given(request: Mapping[str, Any]) -> tuple[Mapping[str, str], Mapping[str, Any]]:
    """The names and the values of the request's expressions."""
    return request.get("ExpressionAttributeNames", {}), request.get("ExpressionAttributeValues", {})


def _meets(request: Mapping[str, Any], kind: str, item: Item) -> bool:
    return meets(item, request.get(kind, ""), *_given(request))
