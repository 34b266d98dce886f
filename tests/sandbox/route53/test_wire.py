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
def test_parameter_selects_the_routing_policy(parameters: dict[str, object], routing: Routing) -> None:
    """A Weight of 0 selects a policy; MultiValueAnswer false does not."""
    assert record_set_of({**SIMPLE, **parameters}).routing is routing


def test_record_set_survives_the_round_trip() -> None:
    """So a listed record set can be sent as a DELETE."""
    wire = {**SIMPLE, "SetIdentifier": "one", "MultiValueAnswer": True, "HealthCheckId": "abc"}
    assert wire_of(record_set_of(wire)) == wire


def test_template_values_are_strings() -> None:
    """The TTL is a string, too."""
    assert record_set_of({**SIMPLE, "TTL": "60", "ResourceRecords": ["10.0.0.1"]}) == record_set_of(SIMPLE)


def test_two_policies_or_an_unknown_action_are_invalid() -> None:
    """A record set has one policy, and a change has one of three actions."""
    with pytest.raises(InvalidInput, match="found more than one"):
        record_set_of({**SIMPLE, "Weight": 1, "MultiValueAnswer": True})
    with pytest.raises(InvalidInput, match="Value 'REPLACE' is not facet-valid"):
        change_of({"Action": "REPLACE", "ResourceRecordSet": SIMPLE})
