"""What a call that writes one row does, if the row meets the condition of the call. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from sandbox.aws.dynamodb.expressions import meets

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Item = dict[str, Any]


def written(before: Item | None, given: Mapping[str, Any], after: Callable[[Item | None], Item | None]) -> Item | None:
    """Return the row after a call with these parameters; None if there is none then.

    Raises:
        ClientError: if the row does not meet the condition. It has the row if the call asks for it.
    """
    names, values = given.get("ExpressionAttributeNames", {}), given.get("ExpressionAttributeValues", {})
    if not meets(before or {}, given.get("ConditionExpression", ""), names, values):
        told = before is not None and given.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"
        code = "ConditionalCheckFailedException"
        answer: Any = {"Error": {"Code": code, "Message": code}, **({"Item": before} if told else {})}
        raise ClientError(answer, "PutItem")
    return after(before)
