import pytest

from sandbox.aws.route53.rules import InvalidInput, Routing
from sandbox.aws.route53.wire import change_of, record_set_of, wire_of

SIMPLE = {"Name": "web.corp.internal.", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "10.0.0.1"}]}


@pytest.mark.parametrize(
    ("parameters", "routing"),
    [
        ({}, Routing.SIMPLE),
        ({"MultiValueAnswer": False}, Routing.SIMPLE),
        ({"MultiValueAnswer": True}, Routing.MULTIVALUE),
        ({"Weight": 0}, Routing.WEIGHTED),
        ({"Region": "eu-west-1"}, Routing.OTHER),
        ({"Failover": "PRIMARY"}, Routing.OTHER),
    ],
)
def test_a_parameter_tells_the_routing_policy(parameters: dict[str, object], routing: Routing) -> None:
    """A weight of 0 is a policy; multivalue answer false is none."""
    assert record_set_of({**SIMPLE, **parameters}).routing is routing


def test_what_is_given_back_is_what_was_given() -> None:
    """So that it can be sent as a DELETE."""
    wire = {**SIMPLE, "SetIdentifier": "one", "MultiValueAnswer": True, "HealthCheckId": "abc"}
    assert wire_of(record_set_of(wire)) == wire


def test_a_template_gives_values_as_strings() -> None:
    """And the TTL too."""
    assert record_set_of({**SIMPLE, "TTL": "60", "ResourceRecords": ["10.0.0.1"]}) == record_set_of(SIMPLE)


def test_two_policies_or_an_unknown_action_are_invalid() -> None:
    """A record set has one policy, a change one of three actions."""
    with pytest.raises(InvalidInput, match="found more than one"):
        record_set_of({**SIMPLE, "Weight": 1, "MultiValueAnswer": True})
    with pytest.raises(InvalidInput, match="Value 'REPLACE' is not facet-valid"):
        change_of({"Action": "REPLACE", "ResourceRecordSet": SIMPLE})
