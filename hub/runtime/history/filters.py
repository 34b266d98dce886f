"""Which changes of the ledger invoke the historian: the filters of its event source mapping. Pure."""

from __future__ import annotations

from typing import Any, Final

from hub.runtime import contract


def _of(partition: object, sort: object, **more: object) -> dict[str, Any]:
    keys = {contract.PARTITION_KEY: {"S": [partition]}, contract.SORT_KEY: {"S": [sort]}}
    return {"dynamodb": {"Keys": {name: key for name, key in keys.items() if key["S"] != [None]}, **more}}


# The filters of the event source mapping: what no mark or change can come of does not invoke the function ("Control
# which events Lambda sends to your function",
# https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html). Without a higher quota, at most five. So
# requests share one, and the removal of their rows comes along, of which nothing is kept.
FILTERS: Final[tuple[dict[str, Any], ...]] = (
    _of({"prefix": contract.NAME_PREFIX}, contract.PUBLISHED_KEY),
    {"eventName": ["INSERT", "MODIFY"]} | _of({"prefix": contract.NAME_PREFIX}, contract.MARK_KEY),
    {
        "dynamodb": {
            "Keys": {
                contract.PARTITION_KEY: {"S": [contract.CONTROL_KEY]},
                contract.SORT_KEY: {
                    "S": [
                        {"prefix": contract.GENERATION_PREFIX},
                        contract.PAUSE_KEY,
                        contract.HEARTBEAT_KEY,
                        contract.CURSOR_KEY,
                    ]
                },
            }
        }
    },
    {"dynamodb": {"Keys": {contract.PARTITION_KEY: {"S": [contract.ZONES_KEY, contract.REQUESTS_KEY]}}}},
    _of(contract.SPOKES_KEY, None, NewImage={"approved_at": {"N": [{"exists": True}]}}),
)
