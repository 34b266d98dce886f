"""Lambda's settings of an account, an operation that the emulator lacks: how many runs of functions it allows.

A simulation of "GetAccountSettings" (https://docs.aws.amazon.com/lambda/latest/api/API_GetAccountSettings.html).
Nothing in the sandbox is limited by this number.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from moto.awslambda.models import lambda_backends
from moto.awslambda.responses import LambdaResponse
from moto.awslambda.urls import url_paths

from sandbox.aws.bridge import replaced, replaced_values

if TYPE_CHECKING:
    from collections.abc import Iterator

# "Concurrent executions: 1,000" ("Lambda quotas",
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html).
CONCURRENT_EXECUTIONS: Final = 1_000
_PATH: Final = r"{0}/(?P<api_version>[^/]+)/account-settings/?$"


@contextmanager
def account_settings() -> Iterator[None]:
    """Answer GetAccountSettings, in this process and for servers that start in the context."""
    with (
        replaced(LambdaResponse, get_account_settings=_get_account_settings),
        replaced_values(url_paths, **{_PATH: LambdaResponse.dispatch}),
    ):
        yield


def _get_account_settings(response: Any) -> str:  # noqa: ANN401 - moto's own types
    functions = lambda_backends[response.current_account][response.region].list_functions()
    reserved = sum(int(function.reserved_concurrency or 0) for function in functions)
    limit = {
        "ConcurrentExecutions": CONCURRENT_EXECUTIONS,
        "UnreservedConcurrentExecutions": CONCURRENT_EXECUTIONS - reserved,
    }
    return json.dumps(
        {"AccountLimit": limit, "AccountUsage": {"FunctionCount": len({each.function_name for each in functions})}}
    )
