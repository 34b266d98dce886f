"""What the models of AWS's APIs forbid, which botocore's clients do not check."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.model import ShapeResolver, StringShape
from botocore.session import Session
from hypothesis import given
from hypothesis import strategies as st

from hub.runtime.sdk import OPERATIONS
from sandbox.aws.credentials import administrator_client
from sandbox.aws.emulator import emulated_aws
from sandbox.aws.models.resources import CALLS
from sandbox.aws.models.rules import EXCEPTIONS, error_code, violations

SHAPES: Any = {
    "Request": {
        "type": "structure",
        "required": ["Name"],
        "members": {name: {"shape": name} for name in ("Name", "Kind", "Number", "Names", "Tags")},
    },
    "Name": {"type": "string", "min": 1, "max": 4, "pattern": "[a-z]+"},
    "Kind": {"type": "string", "enum": ["A", "AAAA"]},
    "Number": {"type": "integer", "min": 1, "max": 10},
    "Names": {"type": "list", "member": {"shape": "Name"}, "max": 2},
    "Tags": {"type": "map", "key": {"shape": "Name"}, "value": {"shape": "Kind"}},
}
REQUEST: Any = ShapeResolver(SHAPES).get_shape_by_name("Request")


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ({}, "Value null at 'Name' failed to satisfy constraint: Member must not be null"),
        ({"Name": ""}, "length greater than or equal to 1"),
        ({"Name": "abcde"}, "Value 'abcde' at 'Name' failed to satisfy constraint: Member must have length less than"),
        ({"Name": "A"}, "regular expression pattern: [a-z]+"),
        ({"Name": "a", "Kind": "MX"}, "Member must satisfy enum value set: [A, AAAA]"),
        ({"Name": "a", "Number": 0}, "value greater than or equal to 1"),
        ({"Name": "a", "Number": 11}, "value less than or equal to 10"),
        ({"Name": "a", "Names": ["a", "b", "c"]}, "length less than or equal to 2"),
        ({"Name": "a", "Names": ["a", "B"]}, "at 'Names.2.member'"),
        ({"Name": "a", "Tags": {"B": "A"}}, "at 'Tags.key'"),
        ({"Name": "a", "Tags": {"b": "B"}}, "at 'Tags.b'"),
    ],
)
def test_each_constraint(value: object, says: str) -> None:
    """A value that breaks one constraint is refused once, at its place."""
    found = list(violations("any", REQUEST, value))
    assert any(says in fault for fault in found), found


@given(
    st.fixed_dictionaries(
        {"Name": st.from_regex("[a-z]{1,4}", fullmatch=True)},
        optional={"Kind": st.sampled_from(["A", "AAAA"]), "Number": st.integers(1, 10)},
    )
)
def test_allowed_values_pass(value: dict[str, object]) -> None:
    """A value within every constraint is not refused."""
    assert list(violations("any", REQUEST, value)) == []


def test_pattern_that_python_cannot_read_is_left_out() -> None:
    """Java has patterns that Python does not have."""
    shape: Any = StringShape("Name", {"type": "string", "pattern": r"\p{L}+"})
    assert list(violations("any", shape, "1")) == []


def test_every_exception_is_needed() -> None:
    """The model of S3 has no region of the European Sovereign Cloud."""
    assert list(EXCEPTIONS) == [("s3", "BucketLocationConstraint")]
    model: Any = Session().get_service_model("s3")
    assert "eusc-de-east-1" not in model.shape_for("BucketLocationConstraint").enum


# Services whose models list no error for what they forbid: their API references have it among the "Common errors", and
# that of S3 in its "List of error codes" (https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html).
COMMON_ERRORS = frozenset({"cloudformation", "dynamodb", "ec2", "events", "iam", "lambda", "s3", "sqs", "sts"})


@pytest.mark.parametrize(
    "service",
    sorted({*OPERATIONS, *(service for service, _, _ in CALLS.values())}),
)
def test_services_refuse_with_their_own_code(service: str) -> None:
    """The code is an error of the service's model, or the model lists no such error."""
    model: Any = Session().get_service_model(service)
    shapes = (shape for name in model.operation_names for shape in model.operation_model(name).error_shapes)
    codes = {shape.metadata.get("error", {}).get("code") or shape.name for shape in shapes}
    assert (error_code(service) in codes) is (service not in COMMON_ERRORS)


def test_every_client_is_refused_what_the_model_forbids() -> None:
    """The service answers with its own code, before it does anything."""
    with emulated_aws():
        table = administrator_client("dynamodb", "100000000001", "eu-west-1")
        with pytest.raises(ClientError, match="Value '101' at 'Limit' failed to satisfy constraint") as refused:
            table.list_tables(Limit=101)
    assert refused.value.response["Error"]["Code"] == "ValidationException"


def test_parameters_are_checked_as_they_are_sent() -> None:
    """Clients of Route 53 take `/hostedzone/` off an id before they send it; ids may have 32 characters."""
    with emulated_aws():
        zones = administrator_client("route53", "100000000001", "eu-west-1")
        created = zones.create_hosted_zone(Name="corp.internal", CallerReference="1")["HostedZone"]["Id"]
        assert zones.get_hosted_zone(Id=f"/hostedzone/{created.rpartition('/')[2]}")["HostedZone"]["Id"] == created
        with pytest.raises(ClientError, match="length less than or equal to 32") as refused:
            zones.get_hosted_zone(Id="Z" * 33)
    assert refused.value.response["Error"]["Code"] == "InvalidInput"
