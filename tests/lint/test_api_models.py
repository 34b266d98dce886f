"""The models of the APIs that CloudFormation calls, and rules between fields, allow every value in the templates."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from sandbox.aws.models.resources import CALLS
from tests.support.lint.api_models import WITHOUT_CALL, refused, unknown_types
from tests.support.lint.templates import contents


@pytest.mark.parametrize("name", contents())
def test_apis_accept_every_value(name: str) -> None:
    """No resource has a value that AWS would refuse at the deployment."""
    assert list(refused(contents()[name])) == []


def test_every_type_of_resource_is_compared() -> None:
    """A type that a template newly uses needs its call here, and no other type has one."""
    assert {name: unknown_types(template) for name, template in contents().items() if unknown_types(template)} == {}
    used = {resource["Type"] for template in contents().values() for resource in template["Resources"].values()}
    assert (CALLS.keys() | WITHOUT_CALL.keys()) - used == set()


# A value that AWS refuses, for each kind of constraint and each rule: where it is, and what the refusal says.
WRONG: tuple[tuple[str, str, Any, str], ...] = (
    ("PublisherSource", "MaximumBatchingWindowInSeconds", 301, "less than or equal to 300"),
    ("PublisherSource", "ParallelizationFactor", 11, "less than or equal to 10"),
    ("PublisherSource", "StartingPosition", "NEWEST", "enum value set"),
    ("PublisherSource", "StartingPosition", "AT_TIMESTAMP", "TRIM_HORIZON or LATEST"),
    ("PublisherSource", "MaximumRecordAgeInSeconds", 59, "-1 or at least 60"),
    ("PublisherSource", "ScalingConfig", {"MaximumConcurrency": 2}, "not for streams"),
    ("ObserverSource", "BatchSize", 10_001, "less than or equal to 10000"),
    ("ObserverSource", "BatchSize", 11, "at least 1"),
    ("PublisherSource", "MaximumBatchingWindowInSeconds", 0, "at least 1"),
    ("ObserverSource", "MaximumRetryAttempts", 3, "not for queues"),
    ("ObserverSource", "ScalingConfig", {"MaximumConcurrency": 1}, "greater than or equal to 2"),
    ("ObserverSource", "FunctionResponseTypes", ["A", "B"], "length less than or equal to 1"),
    ("EventsQueue", "VisibilityTimeout", 43_201, "from 0 to 43200"),
    ("EventsQueue", "VisibilityTimeout", 30, "six times the function's timeout"),
    ("EventsQueue", "MessageRetentionPeriod", 59, "from 60 to 1209600"),
    ("Observer", "Timeout", 0, "greater than or equal to 1"),
    ("Observer", "Description", "x" * 257, "length less than or equal to 256"),
    ("Observer", "FunctionName", "orgdns observer", "regular expression"),
    ("Observer", "Runtime", "python3.0", "enum value set"),
    ("Ledger", "BillingMode", "FREE", "enum value set"),
    ("ObserverRole", "RoleName", "x" * 65, "length less than or equal to 64"),
)


@pytest.mark.parametrize(("title", "field", "value", "says"), WRONG)
def test_wrong_value_is_refused(title: str, field: str, value: Any, says: str) -> None:  # noqa: ANN401 - any value
    """Each deliberately wrong value is found, in the resource that has it."""
    template = copy.deepcopy(contents()["committed/hub.yaml"])
    template["Resources"][title]["Properties"][field] = value
    found = list(refused(template))
    assert [fault for fault in found if fault.startswith(f"{title}") and says in fault] or (
        # The mapping says that the queue of its function is wrong.
        [fault for fault in found if says in fault and field in fault]
    )


def test_missing_value_is_refused() -> None:
    """What the API requires within a structure is found, too."""
    template = copy.deepcopy(contents()["committed/hub.yaml"])
    template["Resources"]["Ledger"]["Properties"]["KeySchema"][0].pop("KeyType")
    assert [
        fault for fault in refused(template) if fault.startswith("Ledger: Value null at 'KeySchema.1.member.KeyType'")
    ]
